import assert from 'node:assert/strict';
import {
  fitClientContent,
  fitContextUpdate,
  fitRealtimeInput,
  fitToolResponse,
  profileFor,
  type Backend,
} from '../../src/protocol';
import { deepFreeze } from './schema-values';

const NATIVE = 'gemini-2.5-flash-native-audio-preview-12-2025';
const FLASH = 'gemini-3.1-flash-live-preview';
const LIVE = 'gemini-3.8-live';
const TRANSLATE = 'gemini-3.5-live-translate-preview';

describe('protocol: fit in mid-session', () => {
  it('realtime input: one field per message, and no media chunks where they are refused', () => {
    const audio = { mimeType: 'audio/pcm;rate=16000', data: 'AA==' };
    const image = { mimeType: 'image/jpeg', data: 'AA==' };
    const old = deepFreeze({ mediaChunks: [audio, image] });
    assert.deepEqual(fitRealtimeInput(profileFor(FLASH), old).inputs, [{ audio }, { video: image }]);
    assert.deepEqual(fitRealtimeInput(profileFor(NATIVE), old).inputs, [old]);
    const mixed = deepFreeze({ text: 'hi', audio, activityEnd: {} });
    assert.deepEqual(fitRealtimeInput(profileFor(NATIVE), mixed), {
      inputs: [{ text: 'hi' }, { audio }, { activityEnd: {} }],
      warnings: [],
    });
    const { inputs, warnings } = fitRealtimeInput(profileFor(TRANSLATE), { text: 'hi', video: image, audio });
    assert.deepEqual(inputs, [{ audio }]);
    assert.deepEqual(
      warnings.map(({ path }) => path),
      ['realtimeInput.text', 'realtimeInput.video'],
    );
  });

  it('clientContent once the conversation has begun: as text where the model refuses it', () => {
    const turns = [
      { role: 'user', parts: [{ text: 'One.' }, { text: 'Two.' }] },
      { role: 'model', parts: [{ text: 'Three.' }] },
    ];
    const content = deepFreeze({ turns, turnComplete: true });
    assert.deepEqual(fitClientContent(profileFor(NATIVE), content, { midSession: true }), {
      clientContent: content,
      warnings: [],
    });
    assert.deepEqual(fitClientContent(profileFor(FLASH), content, {}).clientContent, content);
    const { clientContent, realtimeInput, warnings } = fitClientContent(profileFor(FLASH), content, {
      midSession: true,
    });
    assert.deepEqual([clientContent, realtimeInput], [undefined, { text: 'One.\nTwo.' }]);
    assert.match(warnings[0]!.message, /only the text of the user/);
    const nothing = fitClientContent(profileFor(FLASH), { turnComplete: true }, { midSession: true });
    assert.deepEqual([nothing.clientContent, nothing.realtimeInput], [undefined, undefined]);
    assert.equal(nothing.warnings.length, 1);
    // What the model answers to must not be sent where no answer is wanted.
    const quiet = { ...content, turnComplete: false };
    assert.equal(fitClientContent(profileFor(FLASH), quiet, { midSession: true }).realtimeInput, undefined);
  });

  it('a history holds no function parts, and for 2.5 it ends with the user', () => {
    const content = deepFreeze({
      turns: [
        { role: 'user', parts: [{ text: 'Light on.' }] },
        { role: 'model', parts: [{ functionCall: { name: 'f' } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'f' } }] },
        { role: 'model', parts: [{ text: 'Done.' }] },
      ],
      turnComplete: true,
    });
    const { clientContent, warnings } = fitClientContent(profileFor(NATIVE), content, { history: true });
    assert.deepEqual(clientContent, { turns: [content.turns[0], content.turns[3]], turnComplete: true });
    assert.equal(warnings.length, 2);
    assert.equal(fitClientContent(profileFor(FLASH), content, { history: true }).warnings.length, 1);
  });

  it('tool responses: scheduling and willContinue where they exist', () => {
    const response = deepFreeze({
      id: '1',
      name: 'f',
      response: { scheduling: 'mine' },
      scheduling: 'SILENT',
      willContinue: true,
    });
    const fittedOn = (model: string, backend?: Backend): unknown =>
      fitToolResponse(profileFor(model), [response], backend).functionResponses[0];
    assert.deepEqual(fittedOn(LIVE), response);
    assert.deepEqual(fittedOn(LIVE, 'vertex'), {
      id: '1',
      name: 'f',
      response: { scheduling: 'mine' },
      scheduling: 'SILENT',
    });
    assert.deepEqual(fittedOn(FLASH), {
      id: '1',
      name: 'f',
      response: { scheduling: 'mine' },
      willContinue: true,
    });
    const { warnings } = fitToolResponse(profileFor(FLASH), [response], 'vertex');
    assert.deepEqual(
      warnings.map(({ path }) => path),
      ['toolResponse.functionResponses[0].willContinue', 'toolResponse.functionResponses[0].scheduling'],
    );
  });

  it('a context update where the model has it, with tools that fit', () => {
    const update = deepFreeze({
      systemInstruction: { parts: [{ text: 'Shout.' }] },
      tools: { tools: [{ codeExecution: {} }, { functionDeclarations: [{ name: 'f' }] }] },
    });
    const { contextUpdate, warnings } = fitContextUpdate(profileFor(LIVE), update);
    assert.deepEqual(contextUpdate, {
      ...update,
      tools: { tools: [{ functionDeclarations: [{ name: 'f' }] }] },
    });
    assert.equal(warnings.length, 1);
    assert.deepEqual(fitContextUpdate(profileFor(LIVE), { tools: { tools: [] } }).contextUpdate, {
      tools: { tools: [] },
    });
    const refused = fitContextUpdate(profileFor(FLASH), update);
    assert.equal(refused.contextUpdate, undefined);
    assert.equal(refused.warnings.length, 1);
  });
});
