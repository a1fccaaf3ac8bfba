import assert from 'node:assert/strict';
import path from 'node:path';
import { openAudioInput, PCM_24K } from '../../src/media';
import type { Comms } from '../support/comms';
import { NodeRed } from '../support/node-red';
import { packedPackage, ROOT } from '../support/package';
import { until } from '../support/processes';
import { describePulse, PulseServer, type Recording } from '../support/pulse';
import { loudSpan, rms, samplesOf } from '../support/sound';
import { conversation, ID } from './flows';

const QUIET = 0.005;
const LOUD = 0.02;

/** The whole way: sound in a room, a microphone, the flow, a speaker, sound again. */
describePulse('spoken conversation with real sound devices', function () {
  this.timeout(120_000);
  let pulse: PulseServer;
  let nodeRed: NodeRed | undefined;
  let comms: Comms;
  let speaker: Recording;

  before(async () => {
    await packedPackage();
    pulse = await PulseServer.start();
    nodeRed = await NodeRed.start();
    comms = await nodeRed.events();
    speaker = await pulse.record('speaker.monitor', 24_000);
    await nodeRed.deploy(conversation());
    await until(
      'the microphone is open',
      () => pulse.streams('source-outputs'),
      (count) => count === 2,
    );
  });
  after(async () => {
    await speaker?.stop();
    await nodeRed?.stop();
    await pulse?.stop();
  });

  /** Says a shipped request in the room of the microphone. */
  async function say(sample: string): Promise<void> {
    const file = path.join(ROOT, 'nodes/audio-in/samples', `${sample}.ogg`);
    const pieces: Buffer[] = [];
    for await (const piece of openAudioInput({ source: { file }, output: PCM_24K, realtime: false }))
      pieces.push(piece);
    await pulse.playInto('room', samplesOf(Buffer.concat(pieces)), 24_000);
  }

  const text = (role: string, pattern: RegExp) =>
    comms.debugged(({ id, msg }) => id === ID.text && msg.role === role && pattern.test(String(msg.payload)));

  /** The last `ms` of what came out of the speaker. */
  const lately = (ms: number) => speaker.samples().slice(-24 * ms);

  it('answers from the speaker what was said into the microphone', async () => {
    await say('what-time-is-it');
    await text('user', /what time is it/);
    await text('model', /^It is/);
    await until(
      'sound from the speaker',
      () => rms(lately(300)),
      (level) => level > LOUD,
    );
    await until(
      'silence after the answer',
      () => rms(lately(500)),
      (level) => level < QUIET,
    );
    const span = loudSpan(speaker.samples());
    assert.ok(span && span.end - span.start > 24_000, 'the answer lasts more than a second');
  });

  it('falls silent when it is spoken to, and answers that', async () => {
    comms.clear();
    await nodeRed!.inject(ID.ask);
    await until(
      'the story is heard',
      () => rms(lately(300)),
      (level) => level > LOUD,
    );
    await say('turn-on-the-kitchen-light');
    const { msg } = await comms.debugged(({ id, msg }) => id === ID.events && msg.event === 'interrupted');
    // The request is still being spoken: nothing else may sound before its answer.
    await until(
      'the speaker is silent',
      () => rms(lately(200)),
      (level) => level < QUIET,
      1_500,
    );
    const { playedMs, estimated, textPlayed, text: whole } = msg.payload as Interrupted;
    assert.equal(estimated, false, 'the speaker told how much it had played');
    assert.ok(playedMs > 100 && playedMs < 16_000, `${playedMs} ms`);
    assert.ok(textPlayed.length > 0 && textPlayed.length < whole.length, textPlayed);
    await text('model', /kitchen/);
    await until(
      'silence after the answer',
      () => rms(lately(700)),
      (level) => level < QUIET,
    );
    const turns = comms.debugs.filter(({ id, msg }) => id === ID.events && msg.event === 'turn');
    assert.deepEqual(
      turns.map(({ msg }) => (msg.payload as { interrupted: boolean }).interrupted),
      [true, false],
    );
  });

  it('does all that without an error', () => {
    assert.deepEqual(
      comms.debugs.filter(({ id }) => id === ID.errors),
      [],
    );
    assert.deepEqual(
      nodeRed!.log.filter((line) => /\[(error|warn)\].*gemini/i.test(line)),
      [],
    );
  });
});

interface Interrupted {
  playedMs: number;
  estimated: boolean;
  textPlayed: string;
  text: string;
}
