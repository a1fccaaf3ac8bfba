import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keptConversations } from '../../nodes/session/memory';
import { runningTools } from '../../src/media/process';
import { scriptedEars, scriptedMind, startServer, toneVoice, type LocalLiveServer } from '../../src/server';
import { microphone, spokenWav } from './sounds';
import { events, helper, run, sessionFlow, until } from './support';

const DEPLOYS = 200;
/** What V8 compiles while it warms up lies on the heap too: in a run of 800 deploys the second half grew by code alone. */
const COMPILER = ['opt', 'sparkplug'];

/** Least-squares slope of evenly spaced values. */
function slope(values: number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const over = values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0);
  return over / values.reduce((sum, _value, i) => sum + (i - middle) ** 2, 0);
}

describe('200 deploys in the middle of a conversation', function () {
  this.timeout(900_000);
  let server: LocalLiveServer;

  let collect: () => void;

  before(async () => {
    for (const part of COMPILER) setFlagsFromString(`--no-${part}`);
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    server = await startServer({
      ears: scriptedEars([]),
      mind: scriptedMind(({ text }) => `You said ${text} and I have much to say to that`),
      voice: toneVoice(),
      clock: 10,
    });
  });
  after(async () => {
    for (const part of COMPILER) setFlagsFromString(`--${part}`);
    await helper.unload();
    await server.close();
  });

  it('keep memory flat and leave no listener, handle, timer, socket or process', async () => {
    const mic = microphone();
    const flow = (round: number): object[] => [
      ...sessionFlow(server.url, { round }),
      { id: 'in', type: 'gemini-live-audio-in', source: 'input', wires: [['session']], round },
      {
        id: 'out',
        type: 'gemini-live-audio-out',
        sink: 'file',
        file: '/dev/null/never.wav',
        wires: [[]],
        round,
      },
      { id: 'cut', type: 'gemini-live-to-messages', frameMs: '20', wires: [['join']], round },
      { id: 'join', type: 'gemini-live-from-messages', idleMs: '60000', wires: [[]], round },
    ];
    const running = await run(flow(0));
    const heaps: number[] = [];
    const resources = (): Record<string, number> => {
      const counts: Record<string, number> = {};
      // Timers come and go with Node-RED's own work; ours are unref'd or end with their node.
      for (const name of process.getActiveResourcesInfo()) {
        if (name !== 'Timeout' && name !== 'Immediate') counts[name] = (counts[name] ?? 0) + 1;
      }
      return counts;
    };
    let first: Record<string, number> = {};
    for (let round = 1; round <= DEPLOYS; round += 1) {
      running.send('session', { payload: mic.handle });
      running.send('in', { payload: spokenWav(3000) });
      running.send('cut', { payload: mic.handle });
      running.send('session', { payload: 'speak' });
      await until('an answer', () => running.got('audio').length > 0);
      for (const id of ['audio', 'text', 'events', 'errors', 'statuses']) running.got(id).length = 0;
      await running.deploy(flow(round));
      await until('the connection is gone', () => server.connections === 0);
      assert.equal(mic.handle.stats.readers, 0, `round ${round}`);
      assert.deepEqual(
        ['end', 'abort', 'mute', 'warning', 'expired'].map((event) =>
          mic.handle.events.listenerCount(event as 'end'),
        ),
        [0, 0, 0, 0, 0],
      );
      assert.equal(runningTools(), 0);
      // The test helper watches every call of every node, and remembers all arguments.
      (helper as unknown as { _sandbox: { resetHistory(): void } })._sandbox.resetHistory();
      collect();
      heaps.push(process.memoryUsage().heapUsed);
      if (round === 20) first = resources();
    }
    assert.deepEqual(resources(), first, 'nothing of the operating system is held');
    assert.equal(keptConversations(), 0, 'the node that runs has it');
    const half = heaps.slice(DEPLOYS / 2);
    const perThousand = (slope(half) * 1000) / half[half.length - 1]!;
    assert.ok(perThousand < 0.01, `the heap grows by ${(perThousand * 100).toFixed(2)} % per 1000 deploys`);
    assert.deepEqual(events(running, 'events', 'warning'), []);
  });
});
