import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { shown } from '../../nodes/shared/show';
import { heard, numbers, marked, range, shape, silence, untilMarked } from '../live/turn-support';
import { ScriptedServer, type ScriptedConnection } from '../support/scripted-server';
import { microphone, spoken } from './sounds';
import { events, helper, run, sessionFlow, until, type Running } from './support';

type Setup = { setup: { realtimeInputConfig?: object } };

describe('session node: turn detection', () => {
  let server: ScriptedServer;
  let folder: string;

  beforeEach(async () => {
    server = await ScriptedServer.start();
    folder = mkdtempSync(path.join(tmpdir(), 'turns-'));
  });
  afterEach(async () => {
    await helper.unload();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  /** A session with a microphone that is listened to. */
  async function listening(
    session: object,
    config: object = {},
  ): Promise<{ flow: Running; wire: ScriptedConnection; say(pcm: Buffer): Promise<void> }> {
    const flow = await run(sessionFlow(server.url, session, config), { userDir: folder });
    const mic = microphone();
    flow.send('session', { payload: mic.handle });
    const wire = await server.connection();
    await until('the microphone is read', () => mic.handle.stats.readers === 1);
    const say = async (pcm: Buffer): Promise<void> => {
      for (let at = 0; at < pcm.length; at += 640) {
        mic.write(pcm.subarray(at, at + 640));
        // A microphone that nobody reads in time drops what is old.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    return { flow, wire, say };
  }

  const speech = (): Buffer => Buffer.concat([silence(500), spoken(), silence(500)]);
  const disabled = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
  const detection = ({ received }: ScriptedConnection): object | undefined =>
    (received[0] as unknown as Setup).setup.realtimeInputConfig;

  it('is the business of the model where nothing else is chosen, as in older flows', async () => {
    const { wire, say } = await listening({});
    await say(silence(100));
    await wire.until((messages) => heard(messages).length === 1);
    assert.equal(detection(wire), undefined);
  });

  it('finds speech on this machine, with the times of the dialog', async () => {
    const { flow, wire, say } = await listening({
      ...{ turnDetection: 'machine', silenceMs: '200', preRollMs: '', minSpeechMs: '60' },
    });
    await say(speech());
    const items = await untilMarked(wire, 'activityEnd');
    assert.deepEqual(shape(items), ['activityStart', 'audio', 'activityEnd']);
    assert.deepEqual({ realtimeInputConfig: detection(wire) }, disabled);
    await until('both events are told', () => events(flow, 'events', 'activity').length === 2);
    assert.deepEqual(
      events(flow, 'events', 'activity').map(({ payload }) => {
        const { type, by } = payload as { type: string; by: string };
        return [type, by];
      }),
      [
        ['speech-start', 'machine'],
        ['speech-end', 'machine'],
      ],
    );
    assert.deepEqual(flow.errors, []);
  });

  it('sends no silence to the model, if asked', async () => {
    const { wire, say } = await listening({ turnDetection: 'model', neverSendSilence: true, silenceMs: 200 });
    await say(speech());
    assert.deepEqual(shape(await untilMarked(wire, 'audioStreamEnd')), ['audio', 'audioStreamEnd']);
    assert.equal(detection(wire), undefined);
  });

  it('listens between activity-start and activity-end, with push to talk', async () => {
    const { flow, wire, say } = await listening({ turnDetection: 'push-to-talk' });
    const told = (count: number): Promise<unknown> =>
      until(`${count} events`, () => events(flow, 'events', 'activity').length === count);
    await say(marked(5, true));
    flow.send('session', { action: 'activity-start' });
    await told(1);
    await say(marked(5, true, 5));
    await wire.until((messages) => numbers(heard(messages)[1]).length === 5);
    flow.send('session', { action: 'activity-end' });
    await told(2);
    await say(marked(5, true, 10));
    flow.send('session', { action: 'activity-start' });
    flow.send('session', { action: 'activity-end' });
    const items = await untilMarked(wire, 'activityEnd', 2);
    assert.deepEqual(shape(items), ['activityStart', 'audio', 'activityEnd', 'activityStart', 'activityEnd']);
    assert.deepEqual(numbers(items[1]), range(5, 10));
    assert.deepEqual({ realtimeInputConfig: detection(wire) }, disabled);
  });

  it('loses nothing of what is said while the press of the button connects', async () => {
    const { flow, wire: before, say } = await listening({ turnDetection: 'push-to-talk' });
    flow.send('session', { action: 'disconnect' });
    await before.untilClosed();
    server.script = { setup: 'manual' };
    flow.send('session', { action: 'activity-start' });
    const wire = await server.connection(1);
    await wire.message(0);
    await say(marked(5, true));
    flow.send('session', { action: 'activity-end' });
    await until('it has ended', () => events(flow, 'events', 'activity').length === 2);
    await say(marked(5, true, 5));
    wire.send({ setupComplete: {} });
    const items = await untilMarked(wire, 'activityEnd');
    assert.deepEqual(shape(items), ['activityStart', 'audio', 'activityEnd']);
    assert.deepEqual(numbers(items[1]), range(0, 5));
  });

  it('listens from one press of the button of the node to the next, and shows it', async () => {
    const { flow, wire } = await listening({ turnDetection: 'push-to-talk' });
    const press = () => helper.request().post('/gemini-live/session/session').expect(200);
    await press();
    await until('it listens', () => flow.statuses('session').at(-1) === 'listening');
    await press();
    await until('it has ended', () => flow.statuses('session').at(-1) === 'custom');
    assert.deepEqual(shape(await untilMarked(wire, 'activityEnd')), ['activityStart', 'activityEnd']);
    await press();
    await until('it listens again', () => flow.statuses('session').at(-1) === 'listening');
    for (const other of ['nobody', 'config'])
      await helper.request().post(`/gemini-live/session/${other}`).expect(404);
  });

  it('keeps a file between the actions around it, although all of them have to wait for the connection', async () => {
    const flow = await run(sessionFlow(server.url, { turnDetection: 'push-to-talk', realtime: false }));
    flow.send('session', { action: 'activity-start' });
    flow.send('session', { payload: marked(10, true), format: 'audio/pcm;rate=16000' });
    flow.send('session', { action: 'activity-end' });
    const items = await untilMarked(await server.connection(), 'activityEnd');
    assert.deepEqual(shape(items), ['activityStart', 'audio', 'activityEnd']);
    assert.deepEqual(numbers(items[1]), range(0, 10));
  });

  it('ends a hold that is too long', async () => {
    const { flow, wire } = await listening({ turnDetection: 'push-to-talk', longestHold: '1' });
    flow.send('session', { action: 'activity-start' });
    assert.deepEqual(shape(await untilMarked(wire, 'activityEnd')), ['activityStart', 'activityEnd']);
    const told = await until('the warning', () => events(flow, 'events', 'warning')[0]);
    assert.equal((told.payload as { code: string }).code, 'HOLD_TOO_LONG');
  });

  it('says how to add Silero where it is not installed, and goes on by energy', async () => {
    const { flow, wire, say } = await listening({ turnDetection: 'machine', detector: 'silero' });
    await say(Buffer.concat([speech(), silence(500)]));
    assert.deepEqual(shape(await untilMarked(wire, 'activityEnd')), [
      'activityStart',
      'audio',
      'activityEnd',
    ]);
    const error = await until('the error', () => flow.errors[0]?.error);
    assert.match(error.message, /npm install onnxruntime-node @ricky0123\/vad-web/);
    const told = await until('the warning', () => events(flow, 'events', 'warning')[0]);
    assert.equal((told.payload as { code: string }).code, 'DETECTOR_FAILED');
  });

  it('asks in the dialog for what applies, and for nothing else', () => {
    const html = readFileSync(path.join(__dirname, '../../nodes/session/editor.html'), 'utf8');
    const [unfolded = ''] = html.split('<details');
    const rows = [
      ...unfolded.matchAll(
        /data-show="([^"]*turnDetection[^"]*)"[\s\S]*?(?:id="node-input-(\w+)"|data-i18n="(tip\.\w+)")/g,
      ),
    ];
    const visible = (values: Record<string, string>): string[] =>
      rows.flatMap(([, condition = '', field, tip]) =>
        shown(condition, (name) => values[name] ?? '') ? [field ?? tip ?? ''] : [],
      );
    const voice = ['detector', 'silenceMs', 'minSpeechMs', 'preRollMs'];
    const closed = { detector: 'energy', neverSendSilence: 'false' };
    assert.deepEqual(visible({ ...closed, turnDetection: 'model' }), ['neverSendSilence']);
    assert.deepEqual(visible({ ...closed, turnDetection: 'model', neverSendSilence: 'true' }), [
      'neverSendSilence',
      ...voice,
    ]);
    assert.deepEqual(visible({ ...closed, turnDetection: 'machine' }), voice);
    assert.deepEqual(visible({ turnDetection: 'machine', detector: 'silero' }).slice(0, 2), [
      'detector',
      'tip.silero',
    ]);
    assert.deepEqual(visible({ ...closed, detector: 'silero', turnDetection: 'push-to-talk' }), [
      'longestHold',
    ]);
  });

  for (const [what, field] of Object.entries({
    'a time out of bounds': { turnDetection: 'machine', silenceMs: '5' },
    'a way that does not exist': { turnDetection: 'telepathy' },
  })) {
    it(`says what is wrong with ${what}`, async () => {
      const flow = await run(sessionFlow(server.url, field));
      flow.send('session', { action: 'connect' });
      const [{ error } = {}] = await until('the error', () => flow.errors.length > 0 && flow.errors);
      assert.equal(error?.code, 'BAD_CONFIG');
    });
  }
});
