import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  checkMessage,
  clientContent,
  contextUpdate,
  encode,
  fit,
  realtimeInput,
  schemas,
  setup,
  toolResponse,
  UNKNOWN_PROFILE,
  ProtocolError,
  type Backend,
  type LiveClientMessage,
  type LiveClientSetup,
  type LiveConnectConfig,
} from '../../src/protocol';
import { wireName } from '../../src/protocol/schema';
import { at, fieldPaths, messageWith, probeOf, referenced, type FieldPath } from './field-paths';

type Json = Record<string, never>;

/** What the encoder rightly asks for beside a field, or takes it for something else. */
const COMPANIONS: ReadonlyArray<[path: RegExp, companion: object]> = [
  [/^setup\.systemInstruction\.role/, { setup: { systemInstruction: { parts: [] } } }],
  [/^contextUpdate\.systemInstruction\.role/, { contextUpdate: { systemInstruction: { parts: [] } } }],
  [/^clientContent\.turns\[\]\.role/, { clientContent: { turns: [{ parts: [] }] } }],
  [/^realtimeInput\.audio\.(?!mimeType)/, { realtimeInput: { audio: { mimeType: 'audio/pcm' } } }],
  [/^realtimeInput\.video\.(?!mimeType)/, { realtimeInput: { video: { mimeType: 'image/jpeg' } } }],
  [/^realtimeInput\.audio$/, { realtimeInput: { audio: { mimeType: 'audio/pcm' } } }],
  [/^realtimeInput\.video$/, { realtimeInput: { video: { mimeType: 'image/jpeg' } } }],
  [/^toolResponse/, { toolResponse: { functionResponses: [{ id: 'i', name: 'f', response: {} }] } }],
];

/** Values that the encoder checks. */
const VALUES: Readonly<Record<string, string>> = {
  'realtimeInput.audio.mimeType': 'audio/probe',
  'realtimeInput.video.mimeType': 'image/probe',
  'setup.model': 'models/probe',
};

/** The message that the encoders write for what a caller gives: in the caller's words, not in those of the wire. */
function encoded(message: Json, backend: Backend): LiveClientMessage {
  const {
    setup: wire,
    realtimeInput: input,
    clientContent: content,
    toolResponse: answer,
    contextUpdate: update,
  } = message as unknown as Record<string, Json | undefined>;
  if (input) {
    const { mediaChunks: media, ...rest } = input as Record<string, Json>;
    return realtimeInput({ ...rest, ...(media && { media }) });
  }
  if (content) return clientContent(content, backend);
  if (answer) return toolResponse(answer as never, backend);
  if (update) return contextUpdate(update, backend);
  const { model, ...config } = wire as unknown as LiveClientSetup;
  // On Vertex AI the SDK, and so our encoder, overrules modalities that do not stand at the top of a configuration.
  const { responseModalities } = config.generationConfig ?? {};
  return setup({
    model: model ?? 'm',
    config: { ...config, responseModalities } as LiveConnectConfig,
    backend,
  });
}

describe('protocol: every field of the schema', () => {
  const client = fieldPaths('client');
  const server = fieldPaths('server');

  it('is reached by the walk', () => {
    for (const kind of ['client', 'server'] as const) {
      const reached = new Set(fieldPaths(kind).map(({ owner, name }) => `${owner}.${name}`));
      for (const [owner, fields] of Object.entries(schemas[kind].defs)) {
        for (const name of Object.keys(fields))
          assert.ok(reached.has(`${owner}.${name}`), `${owner}.${name}`);
      }
    }
    assert.ok(client.length > 800 && server.length > 250, `${client.length} and ${server.length} paths`);
  });

  it('is typed', () => {
    const wire = readFileSync(path.resolve(__dirname, '../../src/protocol/wire.ts'), 'utf8');
    const bodies = new Map(
      [...wire.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, name, body]) => [
        name,
        body!,
      ]),
    );
    for (const { owner, name } of [...client, ...server]) {
      const body = bodies.get(wireName(owner));
      assert.match(body ?? '', new RegExp(`^ {2}${name}\\?: `, 'm'), `${owner}.${name}`);
    }
  });

  it('of the client is written by an encoder, as given', () => {
    client.forEach((field, n) => {
      assertSent(field, n);
    });
  });

  it('of the client passes in a raw setup', () => {
    client.forEach((field, n) => {
      const message = messageWith(field.path, valueOf(field, n));
      const raw = message['setup'] as LiveClientSetup | undefined;
      // Other raw messages are not touched at all, see LiveSession.sendRaw.
      if (!raw) return;
      const { setup: sent, warnings } = fit(UNKNOWN_PROFILE, { model: 'models/m' }, { keep: raw });
      assertIs(at({ setup: sent }, field.path), field, n);
      assert.deepEqual(warnings, [], field.path);
    });
  });

  function assertSent(field: FieldPath, n: number): void {
    const value = valueOf(field, n);
    const backends: Backend[] = field.only ? [field.only] : ['gemini', 'vertex'];
    const sent = backends.filter((backend) => {
      const message = messageWith(field.path, value);
      for (const [pattern, companion] of COMPANIONS)
        if (pattern.test(field.path)) lay(message, companion as Json);
      let frame: LiveClientMessage;
      try {
        frame = encoded(message as Json, backend);
      } catch (error) {
        // Fields that the SDK refuses on one of the services, which the schema does not mark.
        assert.equal((error as ProtocolError).code, 'WRONG_BACKEND', `${field.path}: ${String(error)}`);
        return false;
      }
      const wire = JSON.parse(encode(frame)) as LiveClientMessage;
      assertIs(at(wire, field.path), field, n);
      assert.deepEqual(checkMessage('client', wire), [], field.path);
      return true;
    });
    assert.ok(sent.length > 0, `${field.path} cannot be sent`);
  }

  /** An object is there, with whatever the encoder adds; anything else is there as it was given. */
  function assertIs(found: unknown, field: FieldPath, n: number): void {
    if (referenced(field.def.type)) assert.equal(typeof found, 'object', field.path);
    else assert.deepEqual(found, valueOf(field, n), field.path);
  }

  function valueOf({ path: where, owner, name, def }: FieldPath, n: number): unknown {
    if (owner === 'Schema' && name === 'properties') return { probe: { title: `probe-${n}` } };
    return VALUES[where] ?? probeOf(def.type, n);
  }
});

/** Lays fields over a message where it has none. */
function lay(message: Record<string, unknown>, companion: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(companion)) {
    const before = message[name];
    if (Array.isArray(before) && Array.isArray(value)) lay(before[0] as Json, value[0] as Json);
    else if (before === undefined) message[name] = value;
    else if (typeof before === 'object' && before !== null) lay(before as Json, value as Json);
  }
}
