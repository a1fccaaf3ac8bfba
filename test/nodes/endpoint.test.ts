import assert from 'node:assert/strict';
import { ScriptedServer } from '../support/scripted-server';
import { events, helper, run, sessionFlow, until } from './support';

/** Contracts, "Endpoint", and the fields of the config node as they reach the wire. */
describe('config node', () => {
  let server: ScriptedServer;
  let key: string | undefined;

  beforeEach(async () => {
    key = process.env.GEMINI_API_KEY;
    delete process.env.GEMINI_API_KEY;
    server = await ScriptedServer.start();
  });
  afterEach(async () => {
    if (key === undefined) delete process.env.GEMINI_API_KEY;
    else process.env.GEMINI_API_KEY = key;
    await helper.unload();
    await server.close();
  });

  const status = (endpoint: string, apiKey?: string): Promise<string> =>
    run(sessionFlow('', {}, { endpoint }), { credentials: apiKey ? { config: { apiKey } } : {} }).then(
      (flow) => until('a status', () => flow.statuses('session')[0]),
    );

  it('"auto" means the local server without a key', async () => {
    assert.equal(await status('auto'), 'local rehearsal');
  });

  it('"auto" means Gemini with a key, of the credentials or the environment', async () => {
    assert.equal(await status('auto', 'a-key'), 'gemini');
    await helper.unload();
    process.env.GEMINI_API_KEY = 'from-the-environment';
    assert.equal(await status('auto'), 'gemini');
  });

  it('takes a variable that is not set for no key', async () => {
    assert.equal(await status('auto', '${NO_SUCH_VARIABLE}'), 'local rehearsal');
  });

  it('talks to the local server of this process, and gives it back', async () => {
    const flow = await run(sessionFlow('', {}, { endpoint: 'auto' }));
    flow.send('session', { payload: 'what time is it' });
    const turn = await until('a turn', () => events(flow, 'events', 'turn')[0]);
    assert.match((turn.payload as { model: string }).model, /^It is /);
    const [state] = events(flow, 'events', 'state');
    assert.equal((state?.payload as { endpoint: string }).endpoint, 'local');
    const { hearing } = turn.payload as { hearing: object };
    assert.deepEqual(hearing, { text: 'what time is it', recognizer: 'text', score: 0, accepted: true });
  });

  it('shows its key in a header only', async () => {
    const flow = await run(sessionFlow(server.url), { credentials: { config: { apiKey: 'secret-key-1' } } });
    flow.send('session', { payload: 'hello' });
    const wire = await server.connection();
    assert.equal(wire.headers['x-goog-api-key'], 'secret-key-1');
    assert.ok(!wire.url.includes('secret'));
    const shown = JSON.stringify([flow.got('events'), flow.statuses('session')]);
    assert.ok(!shown.includes('secret-key-1'));
  });

  it('needs a key for Gemini and says where to put it', async () => {
    const flow = await run(sessionFlow('', {}, { endpoint: 'gemini' }));
    flow.send('session', { payload: 'hello' });
    const [error] = await until('an error', () => flow.errors.length > 0 && flow.errors);
    assert.equal(error?.error?.code, 'NO_API_KEY');
    assert.match(error.error.message, /GEMINI_API_KEY/);
  });

  for (const url of [
    'nonsense',
    'ftp://example.org',
    'http://user:pass@127.0.0.1',
    'http://127.0.0.1/?key=secret',
  ]) {
    it(`refuses the address ${url}`, async () => {
      const flow = await run(sessionFlow(url));
      flow.send('session', { payload: 'hello' });
      const [error] = await until('an error', () => flow.errors.length > 0 && flow.errors);
      assert.equal(error?.error?.code, 'BAD_CONFIG');
      assert.ok(!/pass|secret/.test(error.error.message), error.error.message);
    });
  }

  it('sends every field of the dialog, with the raw JSON over it', async () => {
    const flow = await run(
      sessionFlow(
        server.url,
        {},
        {
          model: 'gemini-2.5-flash-native-audio-latest',
          voice: 'Kore',
          language: 'en-GB',
          instructions: 'Be brief.',
          temperature: '0.5',
          inputTranscription: true,
          outputTranscription: true,
          resumption: true,
          raw: '{"topP": 0.9, "outputAudioTranscription": null, "speechConfig": {"languageCode": "de-DE"}}',
        },
      ),
    );
    flow.send('session', { payload: 'hello' });
    const { setup } = (await (await server.connection()).message(0)) as { setup: object };
    assert.deepEqual(setup, {
      model: 'models/gemini-2.5-flash-native-audio-latest',
      generationConfig: {
        responseModalities: ['AUDIO'],
        temperature: 0.5,
        topP: 0.9,
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } }, languageCode: 'de-DE' },
      },
      systemInstruction: { parts: [{ text: 'Be brief.' }], role: 'user' },
      inputAudioTranscription: {},
      sessionResumption: {},
    });
  });

  for (const [field, value] of [
    ['raw', '{"topP": '],
    ['raw', '[1]'],
    ['temperature', 'warm'],
    ['temperature', '3'],
  ] as const) {
    it(`refuses ${field} = ${value}`, async () => {
      const flow = await run(sessionFlow(server.url, {}, { [field]: value }));
      flow.send('session', { payload: 'hello' });
      const [error] = await until('an error', () => flow.errors.length > 0 && flow.errors);
      assert.equal(error?.error?.code, 'BAD_CONFIG');
      assert.equal(flow.errors.length, 1);
    });
  }

  it('is missed by its sessions with an error that says so', async () => {
    const flow = await run(sessionFlow(server.url, { config: 'nowhere' }));
    flow.send('session', { payload: 'hello' });
    const [error] = await until('an error', () => flow.errors.length > 0 && flow.errors);
    assert.equal(error?.error?.code, 'NO_CONFIG');
    assert.ok(flow.statuses('session').includes('no config'));
  });
});
