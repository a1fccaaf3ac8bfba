import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineTool, LiveSession, type LiveSessionOptions, type ToolOutcome } from '../../src/live';
import { scriptedMind, type LocalLiveServer, type Reply, type ServerOptions } from '../../src/server';
import { closeServers, rehearsal } from '../server/helpers';
import { Bench, logOf, next, of } from './support';

const MODEL = 'gemini-3.8-live';
const parameters = {
  type: 'object',
  properties: { room: { type: 'string', enum: ['kitchen', 'bedroom'] }, level: { type: 'integer' } },
  required: ['room'],
};
const declare = (behavior?: string): object[] => [
  {
    functionDeclarations: ['light', 'heat', 'blinds'].map((name) => ({
      name,
      parameters,
      ...(behavior && { behavior }),
    })),
  },
];
/** Calls what is written: `light {"room":"kitchen"}; heat {…}`. */
const caller = scriptedMind(({ text, results }): Reply => {
  if (results) return { say: 'done' };
  const calls = text.split(';').map((one) => /^\s*(\w+)\s*(\{.*\})?/.exec(one));
  const known = calls.filter((call) => call && call[1] !== 'hello');
  if (known.length === 0) return { say: 'hello' };
  return {
    say: '',
    calls: known.map((call) => ({
      name: call![1]!,
      args: JSON.parse(call![2] ?? '{}') as Record<string, unknown>,
    })),
  };
});
const kitchen = '{"room":"kitchen"}';
const resumption = { sessionResumption: {} };
/** A handle comes while a call is open, so that a resumed service knows it. */
const handles = { faults: { handlesEveryMs: 200 } };
const quick = { firstDelayMs: 5, maxDelayMs: 20 };

/** What one case works with. */
interface Scene {
  session: LiveSession;
  server: LocalLiveServer;
  /** Waits for the n-th call that is told. @returns its id */
  call(n?: number): Promise<string>;
  /** Answers a call. @returns what became of that */
  answer(id: string, name?: string): Promise<ToolOutcome>;
  /** Another session that takes the conversation up. */
  redeploy(): Promise<LiveSession>;
}

interface Case {
  what: string;
  server?: ServerOptions;
  options?: Partial<LiveSessionOptions>;
  act(scene: Scene): Promise<void>;
  /** What the server gets for each call that it made, in their order: a status, `ok`, or nothing. */
  gets: Array<string | undefined>;
}

const never = (): Promise<void> => new Promise(() => {});

const CASES: Case[] = [
  {
    what: 'a call that is answered',
    act: async ({ session, call, answer }) => {
      session.sendText(`light ${kitchen}`);
      assert.equal(await answer(await call()), 'sent');
    },
    gets: ['ok'],
  },
  {
    what: 'a call that is answered twice',
    act: async ({ session, call, answer }) => {
      session.sendText(`light ${kitchen}`);
      const id = await call();
      assert.deepEqual([await answer(id), await answer(id)], ['sent', 'duplicate']);
    },
    gets: ['ok'],
  },
  {
    what: 'a function that nobody has declared here',
    act: async ({ session }) => {
      const tools = [{ functionDeclarations: [{ name: 'secret' }] }];
      session.sendRaw({ contextUpdate: { tools: { tools } } });
      session.sendText('secret');
      assert.equal((await next(session, 'tool-call')).refused, 'UNKNOWN_FUNCTION');
    },
    gets: ['UNKNOWN_FUNCTION'],
  },
  {
    what: 'arguments that do not fit, answered by a listener all the same',
    act: async ({ session, call, answer }) => {
      session.sendText('light {"room":"garage","level":"high"}');
      assert.equal(await answer(await call()), 'duplicate');
    },
    gets: ['INVALID_ARGUMENTS'],
  },
  {
    what: 'a call that nobody answers, and an answer that comes late',
    options: { toolPolicy: { timeoutMs: 40 } },
    act: async ({ session, call, answer }) => {
      session.sendText(`light ${kitchen}`);
      const id = await call();
      const { reason, calls } = await next(session, 'tool-cancel');
      assert.deepEqual([reason, calls], ['timeout', [{ id, name: 'light', args: { room: 'kitchen' } }]]);
      assert.equal(await answer(id), 'late');
    },
    gets: ['TIMEOUT'],
  },
  {
    what: 'a policy that changes while a call is open',
    act: async ({ session, call }) => {
      session.sendText(`light ${kitchen}`);
      await call();
      session.setToolPolicy({ functions: { light: { timeoutMs: 20 } } });
      await next(session, 'tool-cancel');
    },
    gets: ['TIMEOUT'],
  },
  {
    what: 'a function that throws',
    options: {
      tools: [
        defineTool({ name: 'light', parameters }, () => {
          throw new Error('no bulb');
        }),
      ],
    },
    act: async ({ session }) => session.sendText(`light ${kitchen}`),
    gets: ['FAILED'],
  },
  {
    what: 'a call that the service takes back, and an answer after that',
    options: { config: { ...resumption, tools: declare('BLOCKING') } },
    act: async ({ session, call, answer }) => {
      session.sendText(`light ${kitchen}`);
      const id = await call();
      session.sendText('hello');
      const { reason, calls } = await next(session, 'tool-cancel');
      assert.deepEqual([reason, calls], ['service', [{ id, name: 'light', args: { room: 'kitchen' } }]]);
      assert.equal(await answer(id), 'cancelled');
      await next(session, 'turn', ({ model }) => model === 'hello');
    },
    gets: [undefined],
  },
  {
    what: 'a barge-in while two calls are open, one of them answered',
    options: { config: { ...resumption, tools: declare('BLOCKING') } },
    act: async ({ session, call, answer }) => {
      session.sendText(`light ${kitchen}; heat ${kitchen}`);
      const light = await call();
      const heat = await call();
      assert.equal(await answer(light), 'sent');
      session.interrupt();
      session.sendText('hello');
      await next(session, 'tool-cancel');
      assert.equal(await answer(heat, 'heat'), 'cancelled');
    },
    gets: ['ok', undefined],
  },
  {
    what: 'a call that the service tells twice and in two places',
    server: { faults: { duplicateToolCall: true, callInModelTurn: true } },
    act: async ({ session, call, answer }) => {
      session.sendText(`light ${kitchen}`);
      assert.equal(await answer(await call()), 'sent');
      await next(session, 'turn', ({ model }) => model === 'done');
      assert.equal(of(logOf(session), 'tool-call').length, 1);
    },
    gets: ['ok'],
  },
  {
    what: 'several calls in one message, answered in another order',
    act: async ({ session, call, answer }) => {
      session.sendText(`light ${kitchen}; heat ${kitchen}; blinds ${kitchen}`);
      const [light, heat, blinds] = [await call(), await call(), await call()];
      await answer(blinds, 'blinds');
      await answer(light);
      await answer(heat, 'heat');
    },
    gets: ['ok', 'ok', 'ok'],
  },
  {
    what: 'calls in one message of which one is unknown, one wrong and one good',
    act: async ({ session, answer }) => {
      const functions = ['light', 'heat', 'secret'].map((name) => ({ name }));
      session.sendRaw({ contextUpdate: { tools: { tools: [{ functionDeclarations: functions }] } } });
      session.sendText(`secret; light; heat ${kitchen}`);
      const { id } = await next(session, 'tool-call', ({ refused }) => !refused);
      await answer(id, 'heat');
    },
    gets: ['UNKNOWN_FUNCTION', 'INVALID_ARGUMENTS', 'ok'],
  },
  {
    what: 'a lost connection without a handle: the call is lost with its session, and made anew',
    options: { config: { ...resumption, tools: declare('BLOCKING') } },
    act: async ({ session, server, call, answer }) => {
      session.sendText(`light ${kitchen}`);
      const id = await call();
      server.dropAll();
      const { reason, calls } = await next(session, 'tool-cancel');
      assert.deepEqual([reason, calls[0]?.id], ['lost', id]);
      assert.equal(await answer(id), 'lost');
      assert.equal(await answer(await call()), 'sent');
    },
    gets: [undefined, 'ok'],
  },
  {
    what: 'a call that is open across a resumption',
    server: handles,
    act: async ({ session, server, call, answer }) => {
      session.sendText(`light ${kitchen}`);
      const id = await call();
      await next(session, 'resumption', ({ resumable }) => resumable);
      server.dropAll();
      assert.equal((await next(session, 'restored')).stateRestored, true);
      assert.equal(await answer(id), 'sent');
    },
    gets: ['ok'],
  },
  {
    what: 'an answer that is given while there is no connection',
    server: handles,
    options: { recovery: { firstDelayMs: 100, maxDelayMs: 100 } },
    act: async ({ session, server, call, answer }) => {
      session.sendText(`light ${kitchen}`);
      const id = await call();
      await next(session, 'resumption', ({ resumable }) => resumable);
      server.dropAll();
      await next(session, 'state', ({ to }) => to === 'reconnecting');
      assert.equal(await answer(id), 'sent');
      assert.equal((await next(session, 'restored')).stateRestored, true);
    },
    gets: ['ok'],
  },
  {
    what: 'a call whose time ends while there is no connection',
    server: handles,
    options: { recovery: { firstDelayMs: 200, maxDelayMs: 200 }, toolPolicy: { timeoutMs: 100 } },
    act: async ({ session, server, call }) => {
      session.sendText(`light ${kitchen}`);
      await call();
      await next(session, 'resumption', ({ resumable }) => resumable);
      server.dropAll();
      await next(session, 'tool-result', ({ status }) => status === 'TIMEOUT');
    },
    gets: ['TIMEOUT'],
  },
  {
    what: 'a redeploy while a call is open: the new session owes the answer',
    server: handles,
    act: async ({ session, call, redeploy }) => {
      session.sendText(`light ${kitchen}`);
      const id = await call();
      await next(session, 'resumption', ({ resumable }) => resumable);
      const again = await redeploy();
      assert.deepEqual(
        again.openCalls.map(({ id, name, args, turn }) => ({ id, name, args, turn })),
        [{ id, name: 'light', args: { room: 'kitchen' }, turn: 1 }],
      );
      again.respond({ id, name: 'light', response: { ok: true } });
      again.respond({ id, name: 'light', response: { ok: true } });
      const outcomes = [await next(again, 'tool-result'), await next(again, 'tool-result')];
      assert.deepEqual(
        outcomes.map(({ outcome }) => outcome),
        ['sent', 'duplicate'],
      );
    },
    gets: ['ok'],
  },
  {
    what: 'a redeploy after which nobody answers: the time that has passed counts',
    server: handles,
    options: { toolPolicy: { timeoutMs: 400 } },
    act: async ({ session, call, redeploy }) => {
      session.sendText(`light ${kitchen}`);
      await call();
      await next(session, 'resumption', ({ resumable }) => resumable);
      const again = await redeploy();
      assert.equal((await next(again, 'tool-result')).status, 'TIMEOUT');
    },
    gets: ['TIMEOUT'],
  },
  {
    what: 'a redeploy with an answer that waits: it is not asked for again',
    server: handles,
    options: { recovery: { firstDelayMs: 60_000, maxDelayMs: 60_000 } },
    act: async ({ session, server, call, redeploy }) => {
      session.sendText(`light ${kitchen}`);
      const id = await call();
      await next(session, 'resumption', ({ resumable }) => resumable);
      server.dropAll();
      await next(session, 'state', ({ to }) => to === 'reconnecting');
      session.respond({ id, name: 'light', response: { ok: true } });
      const again = await redeploy();
      assert.equal((await next(again, 'tool-result')).outcome, 'sent');
      assert.deepEqual(again.openCalls, []);
    },
    gets: ['ok'],
  },
  {
    what: 'a redeploy into a fresh session: nothing is answered that the service does not know',
    options: { config: { ...resumption, tools: declare('BLOCKING') } },
    act: async ({ session, call, redeploy }) => {
      session.sendText(`light ${kitchen}`);
      const id = await call();
      const again = await redeploy();
      const { reason, calls } = await next(again, 'tool-cancel');
      assert.deepEqual([reason, calls], ['lost', [{ id, name: 'light', args: { room: 'kitchen' } }]]);
      again.respond({ id, name: 'light', response: {} });
    },
    gets: [undefined],
  },
  {
    what: 'a session that closes, and an answer after that',
    options: { tools: [defineTool({ name: 'light', parameters }, never)] },
    act: async ({ session, call, answer }) => {
      session.sendText(`light ${kitchen}`);
      const id = await call();
      await session.close();
      void answer(id);
      await sleep(50);
    },
    gets: [undefined],
  },
];

describe('live: every way in which a call can go, as the server sees it', () => {
  const bench = new Bench();
  afterEach(async () => {
    await bench.cleanUp();
    await closeServers();
  });

  for (const { what, server: serverOptions, options = {}, act, gets } of CASES) {
    it(what, async () => {
      const server = await rehearsal({ keepJournal: true, mind: caller, ...serverOptions });
      const config = { ...resumption, outputAudioTranscription: {}, tools: declare() };
      const all: Partial<LiveSessionOptions> = {
        model: MODEL,
        toolPolicy: {},
        recovery: quick,
        ...options,
        config: { ...config, ...options.config },
      };
      const session = bench.session(server.url, all);
      await session.connect();
      const redeploy = async (): Promise<LiveSession> => {
        await session.close();
        const state = JSON.parse(JSON.stringify(session.conversationState()));
        const again = bench.session(server.url, { ...all, resumeFrom: state });
        await again.connect();
        return again;
      };
      const scene: Scene = {
        session,
        server,
        call: async () => (await next(session, 'tool-call')).id,
        answer: async (id, name = 'light') => {
          session.respond({ id, name, response: { ok: true } });
          return (await next(session, 'tool-result', (result) => result.id === id && result.by === 'client'))
            .outcome;
        },
        redeploy,
      };
      await act(scene);
      await until(() =>
        gets.every((wanted, n) => (wanted === undefined) === (answersTo(server, n).length === 0)),
      );
      // What were too much would come now.
      await sleep(30);
      assert.deepEqual(
        callsOf(server).map((_id, n) => answersTo(server, n)),
        gets.map((wanted) => (wanted === undefined ? [] : [wanted])),
      );
      const ids = callsOf(server);
      assert.ok(
        answersOf(server).every(({ id }) => ids.includes(id)),
        'an answer to no call',
      );
      assertOrder(server);
    });
  }
});

/** Ids of the calls that the server has made, in order, each once. */
function callsOf({ journal }: LocalLiveServer): string[] {
  const ids = journal.flatMap((entry) =>
    entry.kind === 'sent' ? (entry.message.toolCall?.functionCalls ?? []).map(({ id = '' }) => id) : [],
  );
  return [...new Set(ids)];
}

function answersOf({ journal }: LocalLiveServer): Array<{ id: string; status: string }> {
  return journal.flatMap((entry) => {
    const list = entry.kind === 'received' ? entry.message.toolResponse?.functionResponses : undefined;
    return (list ?? []).map(({ id = '', response }) => {
      const { status = 'ok' } = (response?.['error'] ?? {}) as { status?: string };
      return { id, status };
    });
  });
}

/** What came for the n-th call. */
function answersTo(server: LocalLiveServer, n: number): string[] {
  const id = callsOf(server)[n];
  return answersOf(server).flatMap((answer) => (answer.id === id ? answer.status : []));
}

/** No answer to a call that was taken back before, and nothing on a connection that is closed. */
function assertOrder({ journal }: LocalLiveServer): void {
  const cancelled = new Set<string>();
  const closed = new Set<number>();
  for (const entry of journal) {
    if (entry.kind === 'sent')
      for (const id of entry.message.toolCallCancellation?.ids ?? []) cancelled.add(id);
    if (entry.kind === 'close') closed.add(entry.connection);
    if (entry.kind !== 'received') continue;
    assert.ok(!closed.has(entry.connection), 'something came after the close');
    for (const { id = '' } of entry.message.toolResponse?.functionResponses ?? []) {
      assert.ok(!cancelled.has(id), `${id} was answered after it was taken back`);
    }
  }
}

/** Waits for what comes of itself. */
async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !done(); i++) await sleep(5);
}
