import assert from 'node:assert/strict';
import { isMediaHandle, type MediaHandle } from '../../src/media';
import { heard, marked, numbers, range, shape, silence, untilMarked } from '../live/turn-support';
import { describePulse, PulseServer } from '../support/pulse';
import { ScriptedServer, type ScriptedConnection } from '../support/scripted-server';
import { microphone } from './sounds';
import { events, helper, run, sessionFlow, until, type Running } from './support';

describePulse('audio-in: a microphone that is muted', function () {
  this.timeout(60_000);
  let pulse: PulseServer;

  before(async () => {
    pulse = await PulseServer.start();
  });
  afterEach(() => helper.unload());
  after(() => pulse.stop());

  const flowOf = (id: string, def: object = {}): object[] => [
    { id, type: 'gemini-live-audio-in', source: 'microphone', device: '', wires: [['out']], ...def },
    { id: 'out', type: 'helper' },
  ];
  const stream = async (flow: Running, index = 0): Promise<MediaHandle> => {
    const { payload } = await until('a stream', () => flow.got('out')[index]);
    assert.ok(isMediaHandle(payload));
    return payload;
  };
  const more = async (handle: MediaHandle): Promise<unknown> => {
    const before = handle.durationMs;
    return until('more sound', () => handle.durationMs > before + 100);
  };
  /** The system shows that somebody records. */
  const recorded = (): Promise<number> => pulse.streams('source-outputs');
  const released = async (): Promise<void> => {
    for (let tries = 0; (await recorded()) > 0; tries++) assert.ok(tries < 500, 'it is still recorded');
  };
  const status = (flow: Running, id: string, text: string): Promise<unknown> =>
    until(`the status "${text}"`, () => flow.statuses(id).at(-1) === text);

  it('is released, shows it, and is heard again in the same stream', async () => {
    const flow = await run(flowOf('mute-1'));
    flow.send('mute-1', { action: 'start' });
    const handle = await stream(flow);
    await more(handle);
    for (let round = 0; round < 2; round++) {
      flow.send('mute-1', { action: 'mute' });
      await status(flow, 'mute-1', 'muted');
      const { durationMs } = handle;
      await released();
      assert.equal(handle.durationMs, durationMs, 'nothing is written from then on');
      assert.deepEqual([handle.state, handle.muted], ['open', true]);
      flow.send('mute-1', { action: 'mute', payload: false });
      await more(handle);
      assert.equal(flow.statuses('mute-1').at(-1), 'listening');
    }
    assert.deepEqual([flow.got('out').length, flow.errors], [1, []]);
  });

  it('mutes with any payload but false; "toggle" changes it', async () => {
    const flow = await run(flowOf('mute-2', { autostart: true }));
    const handle = await stream(flow);
    const steps = [
      [true, true],
      [undefined, true],
      ['toggle', false],
      [Date.now(), true],
      ['toggle', false],
      ['', true],
      [false, false],
    ] as const;
    for (const [payload, muted] of steps) {
      flow.send('mute-2', { action: 'mute', payload });
      await until(`${String(payload)} → ${muted}`, () => handle.muted === muted);
    }
    assert.equal(flow.errors.length, 0);
  });

  it('that was muted before it was started starts muted', async () => {
    const flow = await run(flowOf('mute-3'));
    flow.send('mute-3', { action: 'mute' });
    await status(flow, 'mute-3', 'off, muted');
    flow.send('mute-3', { action: 'start' });
    const handle = await stream(flow);
    await status(flow, 'mute-3', 'muted');
    flow.send('mute-3', { action: 'stop' });
    await status(flow, 'mute-3', 'off, muted');
    assert.deepEqual([handle.stats.written, handle.state, await recorded()], [0, 'ended', 0]);
    flow.send('mute-3', { action: 'mute', payload: false });
    await status(flow, 'mute-3', 'off');
    flow.send('mute-3', { action: 'start' });
    await more(await stream(flow, 1));
  });

  it('stays muted through a deploy that creates its node anew', async () => {
    const flow = await run(flowOf('mute-4', { autostart: true }));
    await more(await stream(flow));
    flow.send('mute-4', { action: 'mute' });
    await status(flow, 'mute-4', 'muted');
    await flow.deploy(flowOf('mute-4', { autostart: true, name: 'changed' }));
    const handle = await stream(flow, 1);
    assert.deepEqual([handle.muted, handle.stats.written, await recorded()], [true, 0, 0]);
    flow.send('mute-4', { action: 'mute', payload: false });
    await more(handle);
    await flow.deploy(flowOf('mute-4', { autostart: true, name: 'changed again' }));
    await more(await stream(flow, 2));
    // A node that is deleted takes it along.
    flow.send('mute-4', { action: 'mute' });
    await status(flow, 'mute-4', 'muted');
    await flow.deploy([{ id: 'out', type: 'helper' }]);
    await flow.deploy(flowOf('mute-4', { autostart: true }));
    await more(await stream(flow, 3));
  });

  it('can be muted by whoever reads it; the status follows', async () => {
    const flow = await run(flowOf('mute-5', { autostart: true }));
    const handle = await stream(flow);
    await more(handle);
    handle.setMuted(true);
    await status(flow, 'mute-5', 'muted');
    flow.send('mute-5', { action: 'mute', payload: 'toggle' });
    await more(handle);
  });

  it('leaves nothing when it is closed while muted, or in the middle of being muted', async () => {
    const flow = await run(flowOf('mute-6', { autostart: true }));
    const handle = await stream(flow);
    await more(handle);
    for (const payload of [true, false, true, false, true]) flow.send('mute-6', { action: 'mute', payload });
    await flow.deploy([]);
    assert.notEqual(handle.state, 'open');
    await released();
  });

  it('is refused where there is no microphone', async () => {
    const flow = await run(flowOf('mute-7', { source: 'file', file: 'sample:good-morning' }));
    flow.send('mute-7', { action: 'mute' });
    const { code, message } = await until('an error', () => flow.errors[0]?.error);
    assert.equal(code, 'UNKNOWN_ACTION');
    assert.match(message, /no microphone to mute here.*"stop"/);
  });
});

describe('session node: a microphone that is muted', () => {
  let server: ScriptedServer;

  beforeEach(async () => {
    server = await ScriptedServer.start();
  });
  afterEach(async () => {
    await helper.unload();
    await server.close();
  });

  /** A session that listens to a microphone, and its server. */
  async function listening(session: object = {}): Promise<{
    flow: Running;
    wire: ScriptedConnection;
    mic: ReturnType<typeof microphone>;
    say(pcm: Buffer): Promise<void>;
  }> {
    const flow = await run(sessionFlow(server.url, { id: 'muted-session', ...session }));
    const mic = microphone();
    flow.send('muted-session', { payload: mic.handle });
    const wire = await server.connection();
    await until('the microphone is read', () => mic.handle.stats.readers === 1);
    const say = async (pcm: Buffer): Promise<void> => {
      for (let at = 0; at < pcm.length; at += 640) {
        mic.write(pcm.subarray(at, at + 640));
        // A microphone that nobody reads in time drops what is old.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    return { flow, wire, mic, say };
  }

  it('is told to the service as a pause, behind what was said; then it goes on', async () => {
    const { wire, mic, say } = await listening();
    await say(marked(10, true));
    mic.write(marked(1, true, 10));
    mic.handle.setMuted(true);
    await untilMarked(wire, 'audioStreamEnd');
    mic.handle.setMuted(false);
    await say(marked(5, true, 20));
    mic.handle.setMuted(true);
    const items = await untilMarked(wire, 'audioStreamEnd', 2);
    assert.deepEqual(shape(items), ['audio', 'audioStreamEnd', 'audio', 'audioStreamEnd']);
    assert.deepEqual(numbers(items[0]), range(0, 11));
    assert.deepEqual(numbers(items[2]), range(20, 25));
  });

  it('and back in the same moment is no pause', async () => {
    const { wire, mic, say } = await listening();
    await say(marked(2, true));
    mic.handle.setMuted(true);
    mic.handle.setMuted(false);
    await say(marked(2, true, 2));
    mic.handle.setMuted(true);
    const items = await untilMarked(wire, 'audioStreamEnd');
    assert.deepEqual(shape(items), ['audio', 'audioStreamEnd']);
  });

  it('ends what this machine hears in the middle of a word', async () => {
    const { flow, wire, mic, say } = await listening({ turnDetection: 'machine' });
    await say(silence(500));
    await say(Buffer.concat(Array<Buffer>(25).fill(loud())));
    await until('speech', () => spoken(flow).includes('speech-start'));
    mic.handle.setMuted(true);
    await untilMarked(wire, 'activityEnd');
    await until('its end', () => spoken(flow).includes('speech-end'));
  });

  it('says nothing of a microphone that is listened to no more', async () => {
    const { flow, wire, mic, say } = await listening();
    await say(marked(2, true));
    const other = microphone();
    flow.send('muted-session', { payload: other.handle });
    await until('the other is read', () => other.handle.stats.readers === 1);
    mic.handle.setMuted(true);
    other.write(marked(1, true, 7));
    other.end();
    const items = await untilMarked(wire, 'audioStreamEnd');
    assert.deepEqual(shape(items), ['audio', 'audioStreamEnd'], 'one pause, at the end of the other');
    assert.equal(mic.handle.events.listenerCount('mute'), 0);
    assert.ok(heard(wire.received).length === 2);
  });
});

describe('session node: what its microphone is like', () => {
  let server: ScriptedServer;

  beforeEach(async () => {
    server = await ScriptedServer.start();
  });
  afterEach(async () => {
    await helper.unload();
    await server.close();
  });

  it('tells levels at the pace of the dialog, and warns of a dead microphone once', async () => {
    const flow = await run(sessionFlow(server.url, { id: 'level-session', levels: '0.2' }));
    const mic = microphone();
    flow.send('level-session', { payload: mic.handle });
    await until('the microphone is read', () => mic.handle.stats.readers === 1);
    const hear = async (pcm: Buffer, count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        mic.write(Buffer.from(pcm));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await hear(loud(), 10);
    const level = await until('a level', () => events(flow, 'events', 'level')[0]);
    const { rmsDb, peakDb, clipped } = level.payload as Record<string, number>;
    assert.ok(Math.abs(rmsDb! + 11.7) < 0.3 && Math.abs(peakDb! + 8.7) < 0.3, `${rmsDb} ${peakDb}`);
    assert.equal(clipped, 0);
    await hear(Buffer.alloc(640), 600);
    const warnings = await until('a warning', () => {
      const all = events(flow, 'events', 'warning');
      return all.length > 0 && all;
    });
    assert.deepEqual(
      warnings.map(({ payload }) => (payload as { code: string }).code),
      ['MICROPHONE_DEAD'],
    );
    assert.ok(flow.statuses('level-session').length < 10, 'no flood of statuses');
  });
});

/** Names of the activity events that came out. */
const spoken = (flow: Running): string[] =>
  events(flow, 'events', 'activity').map(({ payload }) => (payload as { type: string }).type);

/** 20 ms of a loud buzz. */
function loud(): Buffer {
  const pcm = Buffer.alloc(640);
  for (let i = 0; i < 320; i++)
    pcm.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * 200 * i) / 16_000)), 2 * i);
  return pcm;
}
