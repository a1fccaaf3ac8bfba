import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveSession, type LiveEventName } from '../../src/live';
import { Speech } from '../survival/speech';
import { heapInUse, slopeOf } from '../support/memory';

/** An hour in a minute and a half. Rotation and GoAways come as often as in an hour of the real service, or more. */
const CLOCK = 40;
const HOUR_MS = 3_600_000 / CLOCK;
const ROTATE_MS = 510_000 / CLOCK;
const GO_AWAY_SECONDS = 400;
const SPOKEN = ['who are you', 'are you a real person'];
/** Exchanges between two looks at the memory. */
const LOOK_EVERY = 40;
/**
 * A slow machine talks longer: what is kept of calls, texts and, for half a minute, of answers must have reached its
 * bounds before the second half.
 */
const LEAST_EXCHANGES = 2400;
const TOOL = { name: 'set_thermostat', parameters: { type: 'OBJECT', properties: {} } };

/** What must not grow. */
interface Look {
  exchanges: number;
  heap: number;
  timers: number;
  sockets: number;
  listeners: string;
}

/** One who talks for an hour. */
class Talker {
  readonly count: Partial<Record<LiveEventName, number>> = {};
  exchanges = 0;
  readonly speech = new Speech();
  private newest = '';
  private readonly session: LiveSession;

  constructor(baseUrl: string) {
    this.session = new LiveSession({
      endpoint: { backend: 'local', baseUrl },
      config: {
        sessionResumption: {},
        inputAudioTranscription: {},
        outputAudioTranscription: {},
        tools: [{ functionDeclarations: [TOOL] }],
      },
      recovery: { rotateAfterMs: ROTATE_MS, firstDelayMs: 5, maxDelayMs: 100 },
    });
    const { session } = this;
    for (const name of ['tool-call', 'interrupted', 'go-away', 'restored'] as const)
      session.on(name, () => (this.count[name] = (this.count[name] ?? 0) + 1));
    session.on('tool-call', ({ id, name }) => session.respond({ id, name, response: { ok: true } }));
    session.on('turn', ({ model, incomplete }) => {
      if (!incomplete) this.newest = model;
    });
    // Somebody listens, as a loudspeaker does.
    session.on('audio', ({ handle }) =>
      handle
        .open()
        .on('error', () => {})
        .resume(),
    );
  }

  connect(): Promise<void> {
    return this.session.connect();
  }

  close(): Promise<void> {
    return this.session.close();
  }

  /** Says one thing and hears the answer. */
  async exchange(): Promise<void> {
    const { session } = this;
    const number = this.exchanges++;
    this.newest = '';
    // Half of it are calls of functions, so that all that is kept of them is full before the second half.
    if (number % 2 === 0) {
      session.sendText('set the thermostat to 21 degrees');
      return this.heard(/(asked for|set to) 21 degrees/);
    }
    switch (number % 12) {
      case 1:
      case 7:
      case 11:
        session.sendText('how are you');
        return this.heard(/rules are in order/);
      case 3:
      case 9: {
        const speaks = once(session, 'audio');
        session.sendText('tell me a story');
        await speaks;
        session.sendText('who are you');
        return this.heard(/local rehearsal server/);
      }
      default:
        for (const frame of this.speech.say(number % 24 === 5 ? 0 : 1)) {
          session.audio.write(frame);
          await sleep(1);
        }
        return this.heard(/local rehearsal server|small set of rules/);
    }
  }

  look(): Look {
    const { session, exchanges } = this;
    const names = [...session.eventNames()].sort();
    const resources = process.getActiveResourcesInfo();
    const count = (type: string): number => resources.filter((resource) => resource === type).length;
    return {
      exchanges,
      heap: heapInUse(),
      timers: count('Timeout'),
      sockets: count('TCPSocketWrap'),
      listeners: [
        ...names.map((name) => `${name} ${session.listenerCount(name)}`),
        ...process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`),
      ].join(),
    };
  }

  private async heard(answer: RegExp): Promise<void> {
    for (const deadline = Date.now() + 30_000; !answer.test(this.newest); await sleep(2)) {
      assert.ok(
        Date.now() < deadline,
        `no ${answer} after exchange ${this.exchanges}; ${this.session.state}`,
      );
    }
  }
}

describe('live: an hour of conversation', function () {
  this.timeout(300_000);
  let server: ChildProcess | undefined;
  let talker: Talker | undefined;

  afterEach(async () => {
    await talker?.close();
    server?.disconnect();
  });

  it('leaves memory, timers, sockets and listeners as they were', async () => {
    server = fork(
      path.join(__dirname, 'hour-server.ts'),
      [String(CLOCK), String(GO_AWAY_SECONDS), ...SPOKEN],
      {
        execArgv: ['--require', 'tsx/cjs'],
      },
    );
    const [url] = (await once(server, 'message')) as [string];
    talker = new Talker(url);
    await talker.connect();
    const looks: Look[] = [];
    for (const end = Date.now() + HOUR_MS; Date.now() < end || talker.exchanges < LEAST_EXCHANGES;) {
      await talker.exchange();
      if (talker.exchanges % LOOK_EVERY === 0) looks.push(talker.look());
    }
    const { count } = talker;
    assert.ok((count['go-away'] ?? 0) >= 5 && (count.restored ?? 0) >= 7, JSON.stringify(count));
    assert.ok((count['tool-call'] ?? 0) > 20 && (count.interrupted ?? 0) > 20, JSON.stringify(count));

    const half = looks.slice(Math.floor(looks.length / 2));
    const slope = slopeOf(half.map(({ exchanges, heap }) => [exchanges, heap] as const)) * 1000;
    const share = slope / half.at(-1)!.heap;
    assert.ok(share < 0.01, `the heap grows by ${(share * 100).toFixed(2)} % in 1000 exchanges`);
    const early = looks.slice(1, looks.length - half.length);
    for (const name of ['timers', 'sockets'] as const) {
      const most = (list: Look[]): number => Math.max(...list.map((look) => look[name]));
      assert.ok(
        most(half) <= most(early),
        `${name}: ${most(early)} in the first half, ${most(half)} in the second`,
      );
    }
    assert.equal(half.at(-1)!.listeners, looks[0]!.listeners);
  });
});
