import type { LiveSession, LiveSessionOptions, SleepOptions } from '../../src/live';
import type { ScriptedConnection, ScriptedServer } from '../support/scripted-server';
import { answer, config, quick, update } from './recovery-support';
import { Bench, next, type Log } from './support';
import { heard, numbers, telling } from './turn-support';

/** A voice that says itself what it is: 100 ms of pre-roll, 40 ms to begin, 100 ms to end. */
export const voice = () => ({
  detector: () => telling(),
  preRollMs: 100,
  minSpeechMs: 40,
  silenceMs: 100,
});

export function sleepy(
  options: SleepOptions = {},
  more: Partial<LiveSessionOptions> = {},
): Partial<LiveSessionOptions> {
  return { config, recovery: quick, sleep: { voice: voice(), ...options }, ...more };
}

/** A session that is ready, has had a turn, and has a handle for it. */
export async function talked(
  bench: Bench,
  options: Partial<LiveSessionOptions>,
): Promise<{ session: LiveSession; log: Log; peer: ScriptedConnection; server: ScriptedServer }> {
  const all = await bench.connected(options);
  all.session.sendText('Hello');
  await all.peer.message(1);
  all.peer.content(answer);
  all.peer.send(update('h1'));
  await next(all.session, 'turn');
  await next(all.session, 'resumption');
  return all;
}

/** Numbers of the chunks that came on a connection, once the given one has. */
export function untilChunk(peer: ScriptedConnection, last: number): Promise<number[]> {
  return peer.until((messages) => {
    const all = heard(messages).flatMap((item) => numbers(item));
    return all.includes(last) && all;
  });
}

/** What the user is understood to have said. */
export const transcript = (text: string, finished = false): object => ({
  inputTranscription: { text, ...(finished && { finished }) },
});
