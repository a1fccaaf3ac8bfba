import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  parseRecording,
  RECORDING_FORMAT,
  RecordingError,
  recordingLine,
  Redactor,
  type Recording,
} from '../../src/protocol';

const HEADER = { format: RECORDING_FORMAT, version: 1, at: 1, model: 'm', endpoint: 'local' } as const;
const lines = (...values: object[]): string => [HEADER, ...values].map((v) => JSON.stringify(v)).join('\n');
const received = (message: object): object => ({ ms: 0, dir: 'received', connection: 1, message });

function refusal(text: string): RecordingError {
  try {
    parseRecording(text);
  } catch (error) {
    assert.ok(error instanceof RecordingError);
    return error;
  }
  assert.fail('was not refused');
}

describe('protocol: recording', () => {
  it('reads what was written', () => {
    const entries: Recording['entries'] = [
      { ms: 0, dir: 'opened', connection: 1, message: { session: 's' } },
      { ms: 1, dir: 'sent', connection: 1, message: { setup: { model: 'models/m' } } },
      { ms: 2.5, dir: 'received', connection: 1, message: { setupComplete: {} } },
      { ms: 3, dir: 'received', connection: 1, text: '{"serv' },
      { ms: 4, dir: 'note', connection: 1, message: { text: 'so' } },
      { ms: 5, dir: 'closed', connection: 1, message: { code: 1000, reason: '', by: 'client' } },
    ];
    const text = [HEADER, ...entries].map(recordingLine).join('');
    assert.deepEqual(parseRecording(text), { header: HEADER, entries, complete: true });
    const windows = `\ufeff${text.replaceAll('\n', '\r\n')}\r\n`;
    assert.deepEqual(parseRecording(windows).entries, entries, 'also as Windows editors save it');
  });

  it('leaves out a last line that was cut off, and no other', () => {
    const text = lines(received({ setupComplete: {} }), received({ serverContent: {} }));
    const cut = parseRecording(text.slice(0, -5));
    assert.equal(cut.complete, false);
    assert.equal(cut.entries.length, 1);
    assert.equal(refusal(`${text.slice(0, -5)}\n${JSON.stringify(received({}))}`).line, 3);
  });

  it('names the line and what is wrong with it', () => {
    for (const [text, message] of [
      ['', /^Line 1 of the recording: a header .* was expected, not ""/],
      ['version: 1\ninteractions:', /^Line 1 .*"version: 1"/],
      ['{"format":"gemini-live-recording","version":2}', /^Line 1 .*version 2 .* newer release/],
      ['{"format":"gemini-live-recording","version":1,"at":"x"}', /^Line 1 .*"at" must be a number/],
      [lines({ ms: -1 }), /^Line 2 .*"ms" must be a number from 0, not -1/],
      [lines({ ms: 1, connection: 0 }), /^Line 2 .*"connection" must be a number from 1, not 0/],
      [lines(received({}), { ms: 1, connection: 1, dir: 'x' }), /^Line 3 .*"dir" must be one of sent, .*"x"/],
      [lines({ ms: 1, connection: 1, dir: 'sent' }), /^Line 2 .*"message" must be an object, not nothing/],
      [lines({ ms: 1, connection: 1, dir: 'closed', message: {} }), /^Line 2 .*"message.code"/],
      [lines([1]), /^Line 2 .*an object was expected, not a list/],
    ] as const) {
      assert.match(refusal(text).message, message);
    }
  });

  it('survives anything that may be in a file', () => {
    const good = lines(received({ setupComplete: {} }), received({ serverContent: { turnComplete: true } }));
    const byte = fc.tuple(fc.nat(good.length - 1), fc.string({ maxLength: 4 }));
    const mutation = fc
      .array(byte, { minLength: 1, maxLength: 6 })
      .map((edits) =>
        edits.reduce((text, [at, piece]) => text.slice(0, at) + piece + text.slice(at + piece.length), good),
      );
    const anyLines = fc
      .array(fc.oneof(fc.json(), fc.string(), fc.constant(JSON.stringify(HEADER))))
      .map((all) => all.join('\n'));
    fc.assert(
      fc.property(fc.oneof(mutation, anyLines, fc.string()), (text) => {
        try {
          const { entries } = parseRecording(text);
          for (const { ms, connection } of entries) assert.ok(ms >= 0 && connection >= 1);
        } catch (error) {
          assert.ok(error instanceof RecordingError, String(error));
          assert.ok(error.message.length < 400 && !/\p{Cc}/u.test(error.message));
        }
      }),
      { numRuns: 3000, seed: 1 },
    );
  });
});

/** Random values, none of which looks like anything known. */
const secretText = fc.stringMatching(/^[A-Za-z0-9_-]{12,40}$/);

describe('protocol: secrets in recordings', () => {
  const places: Record<string, (secret: string) => unknown> = {
    'a header of a tool': (s) => ({
      setup: { tools: [{ mcpServers: [{ streamableHttpTransport: { headers: { 'X-Mine': s } } }] }] },
    }),
    Authorization: (s) => ({ headers: { Authorization: `Bearer ${s}` } }),
    'Authorization in a list': (s) => ({ headers: { authorization: [`Basic ${s}`] } }),
    'a key of Google Maps': (s) => ({ setup: { tools: [{ googleMaps: { authConfig: { apiKey: s } } }] } }),
    'a field in snake case': (s) => ({ setup: { x: { api_key: s, access_token: s } } }),
    'arguments of a call': (s) => ({ toolCall: { functionCalls: [{ args: { password: s } }] } }),
    'a secret object': (s) => ({ credentials: { user: s, deep: [{ value: s }] } }),
    'a text with a header': (s) => ({
      serverContent: { outputTranscription: { text: `say Bearer ${s}1.` } },
    }),
    'a text with x-goog-api-key': (s) => ({ a: `curl -H "x-goog-api-key: ${s}" https://x` }),
    'JSON inside of a text': (s) => ({ a: JSON.stringify({ headers: { Authorization: `Token ${s}` } }) }),
    'a URL with a password': (s) => ({ response: { camera: `rtsp://admin:${s}@10.0.0.1/live` } }),
    'a URL with a key': (s) => ({ url: `https://x.test/a?b=1&key=${s}&c=2` }),
    'a key of Google': (s) => ({ text: `my key is AIza${s}.` }),
    'an ephemeral token': (s) => ({ text: `auth_tokens/${s}` }),
    'an access token': (s) => ({ text: `ya29.${s}` }),
    'a private key': (s) => ({ text: `-----BEGIN PRIVATE KEY-----\n${s}\n-----END PRIVATE KEY-----` }),
    'a JSON Web Token': (s) => ({ text: `eyJhbGciOiJI.${s}.${s}` }),
    'a name of a field': (s) => ({ [`AIza${s}`]: 1 }),
    'a handle sent': (s) => ({ setup: { sessionResumption: { handle: s } } }),
    'a handle sent in snake case': (s) => ({ setup: { session_resumption: { handle: s } } }),
    'a handle received': (s) => ({ sessionResumptionUpdate: { newHandle: s, resumable: true } }),
    'a signature of consent': (s) => ({ setupComplete: { voiceConsentSignature: { signature: s } } }),
  };

  for (const [name, place] of Object.entries(places)) {
    it(`are taken out of ${name}`, () => {
      fc.assert(
        fc.property(secretText, (secret) => {
          const redactor = new Redactor();
          const out = JSON.stringify(redactor.message(place(secret)));
          assert.ok(!out.includes(secret), out);
          const again = JSON.stringify(redactor.message(place(secret)));
          assert.equal(again, out, 'the same name each time');
          assert.equal(JSON.stringify(redactor.message(JSON.parse(out))), out, 'names stay as they are');
        }),
        { numRuns: 60, seed: 2 },
      );
    });
  }

  it('are taken out wherever they stand, once they are known', () => {
    const anywhere = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.constant('SECRET'),
        fc.string().map((text) => `${text}SECRET${text}`),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(fc.string(), fc.constant('xSECRETx')), tie('node'), { maxKeys: 3 }),
        fc.constant({ inlineData: { mimeType: 'audio/pcm', data: 'AAAASECRETAAAA' } }),
      ),
    })).node;
    fc.assert(
      fc.property(anywhere, secretText, (tree, secret) => {
        const json = JSON.stringify(tree).replaceAll('SECRET', secret);
        const out = JSON.stringify(new Redactor({ secrets: [secret] }).message(JSON.parse(json)));
        assert.ok(!out.includes(secret), out);
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  it('are still known when the server repeats them, also in a close reason and in half a frame', () => {
    const redactor = new Redactor();
    redactor.message({ headers: { Authorization: 'Bearer abcdefghij' } });
    redactor.message({ sessionResumptionUpdate: { newHandle: 'handle of nine' } });
    assert.equal(
      redactor.text('no entity handle of nine for abcdefghij'),
      'no entity handle-1 for [secret-1]',
    );
    assert.doesNotMatch(redactor.broken('{"newHandle":"other1234","resum'), /other1234/);
    assert.doesNotMatch(redactor.broken('{"access_token": "short1", x'), /short1/);
  });

  it('leave the rest alone', () => {
    const message = {
      setup: {
        generationConfig: { maxOutputTokens: 10 },
        contextWindowCompression: { triggerTokens: '5', slidingWindow: { targetTokens: '3' } },
        tools: [
          {
            functionDeclarations: [
              { name: 'login', parameters: { type: 'OBJECT', properties: { password: { type: 'STRING' } } } },
            ],
          },
        ],
      },
      usageMetadata: { totalTokenCount: 3, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 1 }] },
      toolCall: { functionCalls: [{ id: 'function-call-1', args: { door: { handle: 'left' } } }] },
      text: 'The secretary asked at 10:30 about http://x.test/a?b=1 & a Token exchange, Basic knowledge @home',
    };
    const before = structuredClone(message);
    assert.deepEqual(new Redactor().message(message), before);
  });

  it('do not spread: a plain word in the place of a secret stays in other places', () => {
    const redactor = new Redactor();
    assert.equal(redactor.text('Authorization: required'), 'Authorization: [secret-1]');
    assert.equal(redactor.text('a password is required'), 'a password is required');
  });

  it('keeps sound and pictures, or only their size', () => {
    const audio = { mimeType: 'audio/pcm;rate=16000', data: Buffer.alloc(100).toString('base64') };
    const video = { mimeType: 'image/jpeg', data: Buffer.alloc(31).toString('base64') };
    const both = (): object => ({ a: { ...audio }, parts: [{ inlineData: { ...video } }] });
    assert.deepEqual(new Redactor().message(both()), both());
    assert.deepEqual(new Redactor({ audio: false }).message(both()), {
      a: { mimeType: audio.mimeType, bytes: 100 },
      parts: [{ inlineData: { mimeType: video.mimeType, bytes: 31 } }],
    });
    assert.deepEqual(new Redactor({ audio: false, video: true }).message(both()), {
      a: { mimeType: audio.mimeType, bytes: 100 },
      parts: [{ inlineData: video }],
    });
  });

  it('takes no time that grows out of bounds, whatever the text', () => {
    for (const piece of [
      'a',
      '?key',
      'eyJ-',
      '://a',
      'Bearer ',
      'authorization',
      '-----BEGIN ',
      'AIza',
      '1//',
    ]) {
      const text = piece.repeat(200_000 / piece.length);
      assert.ok(new Redactor().text(text).length > 0);
      assert.ok(new Redactor().broken(text).length > 0);
    }
    assert.match(new Redactor().text('x'.repeat(600_000)), /600000 characters left out/);
    let deep: unknown = 'Bearer abcdefghi1';
    for (let i = 0; i < 5000; i++) deep = [deep];
    assert.doesNotMatch(JSON.stringify(new Redactor().message(deep)), /abcdefghi1/);
  });
});
