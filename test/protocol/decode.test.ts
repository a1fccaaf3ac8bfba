import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decode, type Problem } from '../../src/protocol';

const message = { serverContent: { turnComplete: true } };

function problemsOf(value: unknown): Problem[] {
  const problems: Problem[] = [];
  decode(JSON.stringify(value), (problem) => problems.push(problem));
  return problems;
}

describe('protocol: decode', () => {
  it('reads text frames, binary frames, ArrayBuffers and lists of Buffers', () => {
    const text = JSON.stringify(message);
    const bytes = Buffer.from(text);
    const copy = new Uint8Array(bytes).buffer;
    for (const frame of [text, bytes, copy, [bytes.subarray(0, 5), bytes.subarray(5)]]) {
      assert.deepEqual(decode(frame), message);
    }
  });

  it('unifies snake_case', () => {
    const data = {
      server_content: { model_turn: { parts: [{ inline_data: { mime_type: 'audio/pcm', data: 'AAAA' } }] } },
    };
    assert.deepEqual(decode(JSON.stringify(data)), {
      serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: 'audio/pcm', data: 'AAAA' } }] } },
    });
  });

  it('leaves the keys of free JSON alone', () => {
    const call = { id: 'a', name: 'f', args: { room_name: 'x', deep: { some_key: null } } };
    assert.deepEqual(decode(JSON.stringify({ tool_call: { function_calls: [call] } })), {
      toolCall: { functionCalls: [call] },
    });
  });

  it('reads Vertex AI’s spellings', () => {
    const vertex = {
      usageMetadata: {
        candidatesTokenCount: 3,
        candidates_tokens_details: [{ modality: 'AUDIO', tokenCount: 3 }],
      },
      voiceActivity: { type: 'ACTIVITY_START' },
    };
    assert.deepEqual(decode(JSON.stringify(vertex)), {
      usageMetadata: { responseTokenCount: 3, responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 3 }] },
      voiceActivity: { voiceActivityType: 'ACTIVITY_START' },
    });
    const both = { usageMetadata: { responseTokenCount: 5, candidatesTokenCount: 3 } };
    assert.deepEqual(decode(JSON.stringify(both)), { usageMetadata: { responseTokenCount: 5 } });
  });

  it('turns url-safe base64 into standard base64', () => {
    const parts = [{ inlineData: { mimeType: 'audio/pcm', data: '-_-_' } }];
    const read = decode(JSON.stringify({ serverContent: { modelTurn: { parts } } }));
    assert.equal(read.serverContent?.modelTurn?.parts?.[0]?.inlineData?.data, '+/+/');
  });

  it('turns int64 numbers into strings, drops nulls', () => {
    const update = { resumable: true, newHandle: null, lastConsumedClientMessageIndex: 42 };
    assert.deepEqual(decode(JSON.stringify({ sessionResumptionUpdate: update })), {
      sessionResumptionUpdate: { resumable: true, lastConsumedClientMessageIndex: '42' },
    });
  });

  it('passes unknown fields and enum values through, and reports them', () => {
    const value = { novelty: { a: 1 }, serverContent: { turnCompleteReason: 'NOVEL', shiny: true } };
    assert.deepEqual(decode(JSON.stringify(value)), value);
    assert.deepEqual(
      problemsOf(value).map(({ kind, path, name }) => [kind, path, name]),
      [
        ['unknown-field', '', 'novelty'],
        ['unknown-enum', 'server_content.turn_complete_reason', 'turnCompleteReason'],
        ['unknown-field', 'server_content', 'shiny'],
      ],
    );
  });

  it('takes out known fields of a wrong type, keeps the rest, and reports', () => {
    const value = {
      serverContent: { turnComplete: 'yes', interrupted: true, modelTurn: { parts: [5, { text: 'a' }] } },
    };
    assert.deepEqual(decode(JSON.stringify(value)), {
      serverContent: { interrupted: true, modelTurn: { parts: [{ text: 'a' }] } },
    });
    assert.deepEqual(
      problemsOf(value).map(({ kind, path }) => [kind, path]),
      [
        ['wrong-type', 'server_content.turn_complete'],
        ['wrong-type', 'server_content.model_turn.parts[0]'],
      ],
    );
  });

  it('is not fooled by names that every object has', () => {
    const text = '{"__proto__":{"polluted":1},"constructor":2,"serverContent":{"toString":3}}';
    const read = decode(text);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.deepEqual(read.serverContent, JSON.parse('{"toString":3}'));
  });

  it('refuses what is no JSON object, without repeating a long payload', () => {
    const secret = `{"broken": "${'x'.repeat(100_000)}`;
    for (const frame of ['', 'null', '[]', '5', '"text"', '\u0000\u0001', secret]) {
      assert.throws(
        () => decode(frame),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'BAD_FRAME');
          assert.ok(error.message.length < 200, error.message.slice(0, 300));
          assert.doesNotMatch(error.message, /\p{Cc}/u);
          return true;
        },
      );
    }
  });

  it('survives any JSON and any bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json({ maxDepth: 8 }),
          fc.string(),
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        ),
        (frame) => {
          try {
            decode(frame, () => {});
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'BAD_FRAME');
          }
        },
      ),
      { numRuns: 2000, seed: 20 },
    );
  });
});
