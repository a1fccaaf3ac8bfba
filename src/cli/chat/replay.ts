import { LiveSession } from '../../live';
import type { LiveClientMessage, Recording } from '../../protocol';
import { Player, readRecording, startServer, type LocalLiveServer } from '../../server';
import { asFailure, EXIT } from './failure';
import type { ReplayOptions } from './options';
import { Screen, type World } from './screen';
import { onStop } from './signals';
import { Sound } from './sound';
import { Talk } from './talk';

/** How long an answer waits for its call, which a recording may lack (ms), and how often it looks for it. */
const CALL_MS = 1000;
const LOOK_MS = 5;

/** `gemini-live replay`. @returns the exit code */
export async function replay(options: ReplayOptions, world: World): Promise<number> {
  const recording = await readRecording(options.file);
  const screen = new Screen(world, options.json);
  if (!recording.complete) screen.note('The recording was cut off; it is played as far as it goes.');
  return options.serve === undefined
    ? show(recording, options, screen, world)
    : serve(recording, options, screen, world);
}

/** Plays the part of the client as well. */
async function show(
  recording: Recording,
  options: ReplayOptions,
  screen: Screen,
  world: World,
): Promise<number> {
  const player = new Player(recording, { speed: options.speed, hangUp: true });
  const server = await startServer({ player });
  const sound = new Sound({ ...options, problem: (message) => screen.problem(message) });
  let stopped: number | undefined;
  let tellStop: () => void = () => {};
  const stop = new Promise<void>((resolve) => (tellStop = resolve));
  const off = onStop((code) => {
    stopped ??= code;
    tellStop();
  }, world.out);
  const { model, endpoint, at } = recording.header;
  screen.note(
    `Recorded ${new Date(at).toISOString()} with ${model} (${endpoint}), ${player.count} connections.`,
  );
  for (let number = 1; number <= player.count && stopped === undefined; number++) {
    if (player.count > 1) screen.note(`--- connection ${number} ---`);
    await showConnection(server, player, recording, number, {
      screen,
      sound,
      stop,
      stopped: () => stopped !== undefined,
    });
  }
  if (stopped === undefined) await Promise.race([sound.drained(), stop]);
  await server.close();
  const saved = await sound.close();
  off();
  return stopped ?? (saved ? EXIT.ok : EXIT.failed);
}

/** What the connections of a recording are shown with. */
interface Stage {
  screen: Screen;
  sound: Sound;
  stop: Promise<void>;
  stopped(): boolean;
}

/** One connection: the client says what it said, whenever the recording waits for it. */
async function showConnection(
  server: LocalLiveServer,
  player: Player,
  recording: Recording,
  number: number,
  { screen, sound, stop, stopped }: Stage,
): Promise<void> {
  const entries = recording.entries.filter(({ connection }) => connection === number);
  const setup = entries.flatMap((entry) => (entry.dir === 'sent' ? (entry.message.setup ?? []) : []))[0];
  const session = new LiveSession({
    endpoint: { backend: 'local', baseUrl: server.url },
    model: recording.header.model,
    ...(setup && { rawSetup: setup }),
    recovery: false,
    // What is shown is what was answered then, and nothing of our own.
    toolPolicy: false,
  });
  const talk = new Talk({ session, screen, sound, tools: undefined, free: true, timeoutMs: 60_000 });
  let next: NodeJS.Timeout | undefined;
  const waiting = ({ message, dueMs }: { message: LiveClientMessage; dueMs: number }): void => {
    if (message.setup) return;
    const calls = message.toolResponse?.functionResponses ?? [];
    const due = performance.now() + dueMs;
    const say = (): void => {
      // The player is ahead of the wire: the call may still be on its way to us.
      const told = calls.every(({ id }) => session.openCalls.some((open) => open.id === id));
      if (!told && performance.now() < due + CALL_MS) {
        next = setTimeout(say, LOOK_MS);
        return;
      }
      tell(message, screen);
      session.sendRaw(message);
    };
    next = setTimeout(say, dueMs);
  };
  player.on('waiting', waiting);
  try {
    await session.connect();
    await Promise.race([talk.ended, stop]);
  } catch (error) {
    screen.problem(asFailure(error).message);
  }
  player.off('waiting', waiting);
  clearTimeout(next);
  await session.close({ playback: stopped() ? 'stop' : 'finish' });
}

function tell({ clientContent, realtimeInput, toolResponse }: LiveClientMessage, screen: Screen): void {
  const text =
    realtimeInput?.text ??
    clientContent?.turns
      ?.flatMap(({ parts }) => parts ?? [])
      .map((part) => part.text ?? '')
      .join(' ');
  if (text) screen.note(`you: ${text}`);
  for (const { response } of toolResponse?.functionResponses ?? [])
    screen.note(`  ← ${JSON.stringify(response)}`);
}

async function serve(
  recording: Recording,
  options: ReplayOptions,
  screen: Screen,
  world: World,
): Promise<number> {
  const player = new Player(recording, {
    speed: options.speed,
    verify: options.verify,
    repeat: !options.verify,
  });
  const server = await startServer({ player, port: options.serve });
  screen.print(server.url);
  screen.note(
    `Serves ${player.count} connections of ${options.file}${options.verify ? ' once' : ''}. Ctrl-C ends.`,
  );
  const stopped = await new Promise<number>((resolve) => {
    onStop(resolve, world.out);
    player.on('waiting', ({ connection, kinds }) =>
      screen.note(`#${connection} waits for ${kinds.join(' and ')}`),
    );
    player.on('played', ({ connection }) => {
      screen.note(`#${connection} is over`);
      if (options.verify && player.finished) resolve(EXIT.ok);
    });
  });
  await server.close();
  if (!options.verify) return EXIT.ok;
  for (const difference of player.differences) screen.print(difference);
  if (player.differences.length === 0) screen.note('The client did as in the recording.');
  return player.differences.length > 0 ? EXIT.failed : stopped;
}
