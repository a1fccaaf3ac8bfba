import assert from 'node:assert/strict';
import { setImmediate as turnOfLoop, setTimeout as sleep } from 'node:timers/promises';
import { LiveError, LiveSession, type LiveEndpoint, type LiveSessionOptions } from '../../src/live';
import { Random } from '../support/random';
import { HostileFrames } from './frames';
import { HostileServer } from './hostile-server';
import { Invariants } from './invariants';

/** One run of hostile frames against one session. */
export interface FuzzRun {
  seed: number;
  /** Frames that the session must have received in the end. */
  frames: number;
  /** Frames between two checks. */
  batch: number;
  session: Omit<LiveSessionOptions, 'endpoint'>;
  /** Speak the dialect of Vertex AI. */
  vertex?: boolean;
  /** Now and then the connection ends, too, in one of these ways. */
  ends?: ReadonlyArray<(server: HostileServer, random: Random) => void>;
}

/** Frames, and what the client does meanwhile, between two turns of the event loop. */
const BURST = 50;

/** States in which messages leave at once. */
const USABLE = ['ready', 'handover'];

/** What came of a run, for a test to see that it was not all the same. */
export interface FuzzResult {
  frames: number;
  badFrames: number;
  turns: number;
  warnings: number;
  connections: number;
}

/**
 * Sends hostile frames through a real socket to a real session, which meanwhile is used. After each batch the
 * invariants hold and the session still converses.
 */
export async function fuzzSession(run: FuzzRun): Promise<FuzzResult> {
  const random = new Random(run.seed);
  const hostile = new HostileFrames(random);
  const server = await HostileServer.start();
  const baseUrl = server.url;
  const endpoint: LiveEndpoint = run.vertex
    ? { backend: 'vertex', baseUrl, project: 'p', location: 'l', token: 't' }
    : { backend: 'local', baseUrl };
  const session = new LiveSession({ ...run.session, endpoint });
  const invariants = new Invariants(session);
  const received = (): number => session.stats.receivedMessages + session.stats.badFrames;
  try {
    await session.connect();
    for (let batch = 1; received() < run.frames; batch++) {
      for (let sent = 0; sent < run.batch; sent++) {
        server.send(hostile.next());
        if (random.chance(0.05)) act(session, invariants, random);
        if (sent % BURST === 0) await turnOfLoop();
      }
      if (run.ends && random.chance(0.5)) {
        random.pick(run.ends)(server, random);
        // Garbage may be the head of a frame that never ends.
        await sleep(5);
        server.current?.terminate();
        // The user goes on talking, for longer than there is room for.
        await sleep(1);
        for (let i = 0; i < 400; i++) invariants.speak(Buffer.alloc(640, 9));
      }
      await converse(session, server, batch);
      invariants.check();
      assert.ok(server.mostOpen <= 1, `${server.mostOpen} sockets were open at once`);
    }
    await session.close();
    invariants.check();
    await invariants.checkEnd();
    const { badFrames } = session.stats;
    const { turns, warnings } = invariants;
    return { frames: received(), badFrames, turns, warnings, connections: server.connections };
  } catch (error) {
    const message = `seed ${run.seed}, after ${received()} frames, ${session.state}: ${(error as Error).message}`;
    throw new Error(message, { cause: error });
  } finally {
    await session.close();
    await server.close();
  }
}

/** Something that a flow may do at any moment. Refusals are errors of the session's own kind. */
function act(session: LiveSession, invariants: Invariants, random: Random): void {
  try {
    random.pick([
      () => invariants.speak(random.bytes(random.below(4000))),
      () => invariants.speak(Buffer.alloc(640 * random.below(20), 9)),
      () => session.video.write(random.bytes(1 + random.below(200))),
      () => session.activityStart(),
      () => session.activityEnd(),
      () => session.audioStreamEnd(),
      () => session.interrupt(),
      () => session.reportPlayed(random.below(5000), random.below(100)),
      () => session.sendText('and now something else'),
      () => session.sendContent([{ role: 'user', parts: [{ text: 'a' }] }], random.chance(0.5)),
      () => session.respond({ id: random.pick(['a', 'b', 'nobody']), name: 'f', response: {} }),
      () => session.say('the washing is done', { priority: random.chance(0.3) }),
      () => void session.updateContext({ systemInstruction: `version ${random.below(9)}` }).catch(() => {}),
      () => session.sendRaw({ realtimeInput: { text: 'raw' } }),
      () => void session.conversationState(),
    ])();
  } catch (error) {
    if (!(error instanceof LiveError)) throw error;
  }
}

/** The last frame has been received, a question is answered, and nothing of before is mistaken for the answer. */
async function converse(session: LiveSession, server: HostileServer, number: number): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) {
    await connected(session, server);
    const answered = heard(session, `here ${number}`);
    const passed = marked(session, number * 1000);
    // The turns of before are over; the number in the mark tells that everything has been read.
    const over = { serverContent: { turnComplete: true } };
    const mark = { voiceActivity: { voiceActivityType: 'MARK', audioOffset: `${number}s` } };
    for (const message of [over, over, mark]) server.send(JSON.stringify(message));
    if (!(await passed)) continue;
    session.sendText(`are you there ${number}`);
    if (await answered) return;
  }
  throw new Error(`question ${number} is not answered`);
}

/** Both sides have a connection; connects when the session has given up. */
async function connected(session: LiveSession, server: HostileServer): Promise<void> {
  while (!USABLE.includes(session.state) || !server.open) {
    if (['idle', 'closed', 'failed'].includes(session.state)) await session.connect().catch(() => {});
    await sleep(1);
  }
}

const marked = (session: LiveSession, offsetMs: number): Promise<boolean> =>
  first(session, 'activity', ({ audioOffsetMs }) => audioOffsetMs === offsetMs);

const heard = (session: LiveSession, text: string): Promise<boolean> =>
  first(session, 'turn', ({ model }) => model.includes(text));

/** True when such an event comes; false when the connection changes before: what was under way is lost with it. */
function first<K extends 'activity' | 'turn'>(
  session: LiveSession,
  event: K,
  fits: (payload: { audioOffsetMs?: number; model: string }) => boolean,
): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (result: boolean): void => {
      session.off(event, look as never);
      session.off('state', lost);
      resolve(result);
    };
    const look = (payload: { audioOffsetMs?: number; model: string }): void => {
      if (fits(payload)) done(true);
    };
    const lost = ({ to }: { to: string }): void => {
      if (!USABLE.includes(to)) done(false);
    };
    session.on(event, look as never);
    session.on('state', lost);
  });
}
