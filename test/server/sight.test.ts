import assert from 'node:assert/strict';
import { createMind, loadScenario } from '../../src/server/scenario';
import { nothingNew } from '../../src/server/scenario/sight';
import { seenPicture } from '../../src/server/sight';
import { createVoice } from '../../src/server/voice';
import { makePicture } from '../support/pictures';
import { GEN_3_1, NATIVE, VERTEX_MODEL, VERTEX_PATH, WireClient } from '../support/wire-client';
import { assertFaithful, closeServers, handleOf, rehearsal, setupFor } from './helpers';

const HALF_CASCADE = 'models/gemini-live-2.5-flash-preview';
const WATCH = 'Tell me what is new in the pictures. If there is nothing new, answer only with <nothing>.';
const NEW = /^A new picture has come\. It is a JPEG picture of 64 by 48 pixels\. I am only rules and cannot/;

describe('what the local server knows of pictures', () => {
  let red: Buffer;
  let blue: Buffer;
  before(async () => {
    red = await makePicture('color=red:s=64x48');
    blue = await makePicture('color=blue:s=64x48');
  });
  afterEach(closeServers);

  async function start(more: object = {}, model = GEN_3_1, path?: string): Promise<WireClient> {
    const mind = createMind(await loadScenario());
    return WireClient.start(await rehearsal({ mind }), setupFor(model, { ...more }), path);
  }
  const show = (client: WireClient, picture: Buffer, mimeType = 'image/jpeg'): void =>
    client.send({ realtimeInput: { video: { data: picture.toString('base64'), mimeType } } });
  async function ask(client: WireClient, text: string): Promise<string> {
    const before = client.transcript('outputTranscription').length;
    client.send({ realtimeInput: { text } });
    await client.turns(client.completed + 1);
    return client.transcript('outputTranscription').slice(before).trim();
  }

  for (const [order, model, path] of [
    ['native', NATIVE, undefined],
    ['combined', GEN_3_1, undefined],
    ['vertex', VERTEX_MODEL, VERTEX_PATH],
  ] as const) {
    it(`remarks on a picture once, then only on another one (${order})`, async () => {
      const client = await start({}, model, path);
      assert.equal(await ask(client, WATCH), 'nothing');
      show(client, red);
      assert.match(await ask(client, WATCH), NEW);
      assert.equal(await ask(client, WATCH), 'nothing');
      show(client, red);
      assert.equal(await ask(client, WATCH), 'nothing', 'the same picture again');
      show(client, blue);
      assert.match(await ask(client, WATCH), NEW);
      assertFaithful(client, order);
      client.close();
    });
  }

  it('writes the words for nothing as they were asked for, and says them aloud without the brackets', async () => {
    const text = await start({ generationConfig: { responseModalities: ['TEXT'] } }, HALF_CASCADE);
    text.send({ realtimeInput: { text: WATCH } });
    await text.turns(1);
    const parts = text.messages.flatMap(({ serverContent }) => serverContent?.modelTurn?.parts ?? []);
    assert.equal(parts.map((part) => (part.thought ? '' : part.text)).join(''), '<nothing>');
    const { pcm, source } = await (await createVoice()).speak('<nothing>');
    assert.equal(source, 'clip');
    assert.ok(pcm.length > 0);
    text.close();
  });

  it('answers what it is asked about a picture with format and size, and that counts as told', async () => {
    const client = await start();
    assert.equal(await ask(client, 'What is on my screen?'), 'I have not been sent a picture.');
    show(client, red);
    const say = 'I have a JPEG picture of 64 by 48 pixels. I am only rules and cannot see it.';
    assert.equal(await ask(client, 'What do you see?'), say);
    assert.equal(await ask(client, WATCH), 'nothing');
    assert.equal(await ask(client, 'say that again'), say, 'the word for nothing is no answer to repeat');
    client.close();
  });

  it('knows behind a handle what it has told about', async () => {
    const mind = createMind(await loadScenario());
    const server = await rehearsal({ mind });
    const first = await WireClient.start(server, setupFor(GEN_3_1, { sessionResumption: {} }));
    show(first, red);
    assert.match(await ask(first, WATCH), NEW);
    await first.until(() => handleOf(first) !== '', 'a handle');
    first.close();
    const handle = handleOf(first);
    const second = await WireClient.start(server, setupFor(GEN_3_1, { sessionResumption: { handle } }));
    assert.equal(await ask(second, WATCH), 'nothing');
    show(second, blue);
    assert.match(await ask(second, WATCH), NEW);
    second.close();
  });

  it('leaves an open question open, for nobody has said anything', async () => {
    const client = await start({ tools: [{ functionDeclarations: [{ name: 'unlock_front_door' }] }] });
    client.send({ realtimeInput: { text: 'unlock the front door' } });
    await client.until((messages) => messages.some(({ toolCall }) => toolCall), 'a call');
    const call = client.messages.flatMap(({ toolCall }) => toolCall?.functionCalls ?? [])[0]!;
    const response = { status: 'confirmation_required', question: 'Really?' };
    client.send({ toolResponse: { functionResponses: [{ id: call.id, name: call.name, response }] } });
    await client.turns(1);
    assert.equal(await ask(client, WATCH), 'nothing');
    client.send({ realtimeInput: { text: 'yes' } });
    const calls = () => client.messages.flatMap(({ toolCall }) => toolCall?.functionCalls ?? []);
    await client.until(() => calls().length === 2, 'the call after the yes');
    assert.deepEqual(calls()[1]!.args, { confirmed: true });
    client.close();
  });

  it('tells format and size from the first bytes, and survives what is no picture', async () => {
    const size = ({ width, height }: { width?: number; height?: number }) => [width, height];
    assert.deepEqual(size(seenPicture('image/jpeg', red)), [64, 48]);
    const png = await makePicture('color=red:s=1920x1080', { format: 'png' });
    assert.deepEqual(size(seenPicture('image/png', png)), [1920, 1080]);
    const damaged = [Buffer.alloc(0), Buffer.from('no picture'), png.subarray(0, 17), red.subarray(0, 30)];
    for (const bytes of damaged)
      assert.deepEqual(size(seenPicture('image/jpeg', bytes)), [undefined, undefined]);
    const client = await start();
    show(client, Buffer.from('no picture'), 'image/webp');
    assert.equal(
      await ask(client, 'what do you see'),
      'I have a WEBP picture. I am only rules and cannot see it.',
    );
    client.close();
  });

  it('knows by the words of a request what to answer if nothing is new', () => {
    const requests: Array<[text: string, nothing: string | undefined]> = [
      [WATCH, '<nothing>'],
      ['Look at the screen. Say "no change" unless something has changed.', 'no change'],
      ['Comment on the video, or reply with exactly: <still>', '<still>'],
      ['what do you see', undefined],
      ['say "good night" to the children', undefined],
      ['is 1 < 2 in the picture', undefined],
    ];
    for (const [text, nothing] of requests) assert.equal(nothingNew(text), nothing, text);
  });

  it('is not held up by a long text that speaks of answers again and again', () => {
    const began = performance.now();
    assert.equal(nothingNew(`see ${'say '.repeat(100_000)}`), undefined);
    // Milliseconds; where each of them looks for its quotation to the end, more than a minute.
    assert.ok(performance.now() - began < 10_000);
  });

  it('can say every size aloud by itself', async () => {
    const voice = await createVoice(undefined, () => Promise.resolve(undefined));
    for (const size of ['64 by 48', '768 by 432', '1536 by 864', '3840 by 2160', '1001 by 2000']) {
      const say = `A new picture has come. It is a JPEG picture of ${size} pixels. I am only rules and cannot see it.`;
      assert.equal((await voice.speak(say)).source, 'composed', size);
    }
  });
});
