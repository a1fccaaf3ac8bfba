import assert from 'node:assert/strict';
import { createMedia, PCM_16K, PCM_24K, type MediaHandle } from '../../src/media';
import { pcmOf } from '../../nodes/shared/payload';
import { ScriptedServer, type ScriptedConnection } from '../support/scripted-server';
import { frame } from './sounds';
import { helper, run, until, type Running } from './support';

/** What of a microphone reaches the wire while an answer is played. */
describe('session node: echo', () => {
  let server: ScriptedServer;
  beforeEach(async () => (server = await ScriptedServer.start()));
  afterEach(async () => {
    await helper.unload();
    await server.close();
  });

  const flowOf = (session: object): object[] => [
    {
      id: 'echo-config',
      type: 'gemini-live-config',
      name: '',
      endpoint: 'custom',
      url: server.url,
      model: '',
    },
    {
      ...{ id: 'echo-session', type: 'gemini-live-session', config: 'echo-config', connect: 'input' },
      ...{ wires: [['echo-audio'], [], []], ...session },
    },
    { id: 'echo-audio', type: 'helper' },
  ];
  const live = (meta: Record<string, unknown> = {}) =>
    createMedia({ format: PCM_16K, policy: 'drop-oldest', meta, preRollMs: 0 });
  const pcm = ({ received }: ScriptedConnection): Buffer =>
    Buffer.concat(
      (received as { realtimeInput?: { audio?: { data: string } } }[]).flatMap(({ realtimeInput }) =>
        realtimeInput?.audio ? [Buffer.from(realtimeInput.audio.data, 'base64')] : [],
      ),
    );

  /** A session that listens to a microphone, and an answer of a second that a loudspeaker has begun to play. */
  async function answering(
    session: object,
    microphone: MediaHandle,
    report: Parameters<MediaHandle['reportPlayed']>[1],
  ): Promise<{ flow: Running; wire: ScriptedConnection }> {
    const flow = await run(flowOf(session));
    flow.send('echo-session', { payload: microphone });
    const wire = await server.connection();
    await until('it is read', () => microphone.stats.readers === 1);
    const data = Buffer.alloc(48_000).toString('base64');
    wire.content({ modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data } }] } });
    const answer = await until('the answer', () => flow.got('echo-audio')[0]?.payload as MediaHandle);
    answer.reportPlayed(20, { sink: 'speaker', ...report });
    return { flow, wire };
  }

  const CANCELLER = { echoCancelled: true, canceller: 'module 7' };
  const CANCELLED = { room: 'cancelled', canceller: 'module 7' } as const;

  for (const [what, session, meta, report, open] of [
    ['closes a plain microphone without any setting', {}, {}, {}, false],
    ['leaves it open in a flow of before that says so', { echoGate: false }, {}, {}, true],
    ['closes it in a flow of before that says that', { echoGate: true }, {}, {}, false],
    ['goes by the new setting where both are', { echoGate: false, echo: 'gate' }, {}, {}, false],
    ['leaves it open behind an echo canceller', { echo: 'auto' }, CANCELLER, CANCELLED, true],
    ['closes it there, too, with "gate"', { echo: 'gate' }, CANCELLER, CANCELLED, false],
    ['leaves it open for an answer in a browser', { echo: 'auto' }, {}, { room: 'away' }, true],
    ['closes it for an echo, with "barge-in"', { echo: 'barge-in' }, {}, {}, false],
    ['leaves it open with "off"', { echo: 'off' }, {}, {}, true],
  ] as const) {
    it(what, async () => {
      const microphone = live(meta);
      const { wire } = await answering(session, microphone.handle, report);
      microphone.write(frame(999));
      await wire.until(() => pcm(wire).length === 640);
      assert.deepEqual(pcm(wire), open ? frame(999) : frame(0));
    });
  }

  it('knows what a microphone of another rate says of itself, also later', () => {
    const { handle } = createMedia({ format: PCM_24K, policy: 'drop-oldest' });
    const { handle: converted } = pcmOf(
      { kind: 'handle', handle },
      { output: PCM_16K, signal: AbortSignal.abort() },
    );
    Object.assign(handle.meta, CANCELLER);
    assert.deepEqual({ ...converted.meta }, CANCELLER);
  });

  it('never touches a file', async () => {
    const { flow, wire } = await answering({ echo: 'gate', realtime: false }, live().handle, {});
    flow.send('echo-session', { payload: frame(999), format: 'audio/pcm;rate=16000' });
    await wire.until(() => pcm(wire).length === 640);
    assert.deepEqual(pcm(wire), frame(999));
  });

  it('says what it does not know', async () => {
    const flow = await run(flowOf({ echo: 'loud' }));
    flow.send('echo-session', { payload: 'hello' });
    const error = await until('an error', () => flow.errors[0]?.error);
    assert.equal(error.code, 'BAD_CONFIG');
    assert.match(error.message, /"auto".*"loud"/);
  });
});
