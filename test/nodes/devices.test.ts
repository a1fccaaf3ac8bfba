import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createMedia, isMediaHandle, parseWav, PCM_24K, runTool, type MediaHandle } from '../../src/media';
import { turn, wholeTurn } from '../support/media';
import { describePulse, PulseServer } from '../support/pulse';
import { bytesOf, rms, samplesOf, tone } from '../support/sound';
import { helper, run, until, type Running } from './support';

describePulse('audio nodes at real devices', function () {
  this.timeout(60_000);
  let pulse: PulseServer;
  let folder: string;

  before(async () => {
    pulse = await PulseServer.start();
    folder = await mkdtemp(path.join(tmpdir(), 'devices-'));
  });
  afterEach(() => helper.unload());
  after(async () => {
    await pulse.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const gone = async (kind: 'sink-inputs' | 'source-outputs'): Promise<void> => {
    for (let tries = 0; (await pulse.streams(kind)) > 0; tries += 1)
      assert.ok(tries < 100, `${kind} are left`);
  };

  describe('audio-in', () => {
    const start = (def: object = {}): Promise<Running> =>
      run([
        {
          id: 'in',
          type: 'gemini-live-audio-in',
          source: 'microphone',
          device: '',
          wires: [['out']],
          ...def,
        },
        { id: 'out', type: 'helper' },
      ]);
    const stream = async (flow: Running, index = 0): Promise<MediaHandle> => {
      const { payload } = await until('a stream', () => flow.got('out')[index]);
      assert.ok(isMediaHandle(payload));
      return payload;
    };
    const sounds = (handle: MediaHandle): Promise<unknown> => until('sound', () => handle.durationMs > 100);

    it('listens to the microphone from "start" to "stop"', async () => {
      const flow = await start();
      flow.send('in', { action: 'start' });
      const handle = await stream(flow);
      assert.equal(handle.policy, 'drop-oldest');
      await sounds(handle);
      flow.send('in', { action: 'start' });
      flow.send('in', { action: 'stop' });
      await until('its end', () => handle.state !== 'open');
      await gone('source-outputs');
      assert.equal(flow.got('out').length, 1, 'a microphone that is on stays as it is');
      assert.deepEqual([flow.statuses('in').slice(-2), flow.errors], [['listening', 'off'], []]);
    });

    it('starts on deploy, lists its device, and leaves nothing when it is closed', async () => {
      const flow = await start({ autostart: true, device: 'mic' });
      const handle = await stream(flow);
      await sounds(handle);
      const { devices } = (await helper.request().get('/gemini-live/devices?direction=capture')).body as {
        devices: { id: string }[];
      };
      assert.ok(devices.some(({ id }) => id === 'mic'));
      await flow.deploy([]);
      assert.notEqual(handle.state, 'open');
      await gone('source-outputs');
    });

    it('names a device that is not there, and the ones that are', async () => {
      const flow = await start({ device: 'nothing' });
      flow.send('in', {});
      const error = await until('an error', () => flow.errors[0]?.error);
      assert.equal(error.code, 'DEVICE_NOT_FOUND');
      assert.match(error.message, /nothing.*mic/s);
    });
  });

  describe('audio-out', () => {
    const start = (def: object = {}): Promise<Running> =>
      run(
        [
          {
            id: 'out',
            type: 'gemini-live-audio-out',
            sink: 'speaker',
            device: '',
            volume: '100',
            overlap: 'queue',
            file: 'played.wav',
            wires: [['done']],
            ...def,
          },
          { id: 'done', type: 'helper' },
        ],
        { userDir: folder },
      );
    const done = async (flow: Running, index = 0): Promise<Record<string, number | boolean>> =>
      (await until('the end', () => flow.got('done')[index])).payload as never;
    /** Loudness of what the loudspeaker plays meanwhile. */
    const heard = async (work: () => Promise<unknown>): Promise<number> => {
      const recording = await pulse.record('speaker.monitor');
      await work();
      return rms(await recording.stop());
    };

    it('plays and writes all of a file', async () => {
      const flow = await start({ sink: 'both' });
      const file = createMedia({ format: PCM_24K, policy: 'block' });
      file.write(bytesOf(tone(440, 400, 24_000)));
      file.end();
      const level = await heard(async () => {
        flow.send('out', { payload: file.handle });
        await done(flow);
      });
      assert.ok(level > 0.02, `it is heard (${level})`);
      const { durationMs, playedMs, incomplete } = await done(flow);
      assert.deepEqual([durationMs, playedMs, incomplete], [400, 400, false]);
      const { data } = parseWav(await readFile(path.join(folder, 'played.wav')));
      assert.ok(rms(samplesOf(data)) > 0.3);
    });

    it('tells the session how far it has played, and falls silent when it is interrupted', async () => {
      const flow = await start();
      const answer = turn(440, 2000);
      flow.send('out', { payload: answer.handle });
      await until('it plays', () => answer.handle.played.ms > 200);
      assert.equal(answer.handle.played.estimated, false);
      answer.abort('INTERRUPTED');
      const { playedMs, incomplete } = await done(flow);
      assert.ok(Number(playedMs) < 2000 && incomplete === true);
      assert.deepEqual(flow.errors, []);
    });

    it('plays the next answer after this one, or in its place', async () => {
      for (const [overlap, complete] of [
        ['queue', [false, false]],
        ['replace', [true, false]],
      ] as const) {
        const flow = await start({ overlap });
        const first = wholeTurn(440, 600);
        flow.send('out', { payload: first.handle });
        await until('it plays', () => first.handle.played.ms > 50);
        flow.send('out', { payload: wholeTurn(660, 100).handle });
        const results = [await done(flow, 0), await done(flow, 1)];
        assert.deepEqual(
          results.map(({ incomplete }) => incomplete),
          complete,
        );
        await helper.unload();
      }
    });

    it('is silent when it is muted, and loud again', async () => {
      const flow = await start();
      const play = async (index: number): Promise<number> =>
        heard(async () => {
          flow.send('out', { payload: wholeTurn(440, 300).handle });
          await done(flow, index);
        });
      flow.send('out', { action: 'mute' });
      assert.ok((await play(0)) < 0.001);
      flow.send('out', { action: 'mute', payload: false });
      flow.send('out', { action: 'volume', payload: '50' });
      assert.ok((await play(1)) > 0.01);
    });

    it('stops on "stop" and leaves nothing when it is closed', async () => {
      const flow = await start();
      const answers = [wholeTurn(440, 3000), wholeTurn(440, 3000)];
      for (const { handle } of answers) flow.send('out', { payload: handle });
      await until('it plays', () => (answers[0]?.handle.played.ms ?? 0) > 100);
      flow.send('out', { action: 'stop' });
      for (const index of [0, 1]) assert.equal((await done(flow, index)).incomplete, true);
      const next = wholeTurn(440, 3000);
      flow.send('out', { payload: next.handle });
      await until('it plays again', () => next.handle.played.ms > 100);
      await flow.deploy([]);
      await gone('sink-inputs');
      assert.equal((await runTool('pactl', ['info'])).code, 0, 'the sound server is still there');
    });
  });
});
