import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { checkMessage, decode, type Problem } from '../../src/protocol';

const recordings = path.resolve(__dirname, '../../../shared/recordings');

describe('protocol: checkMessage', () => {
  it('names an unknown field in the words of the real service', () => {
    const [problem] = checkMessage('client', { setup: { generationConfig: { x: 1 } } });
    assert.equal(
      problem?.message,
      `Invalid JSON payload received. Unknown name "x" at 'setup.generation_config': Cannot find field.`,
    );
    assert.deepEqual(
      [problem?.kind, problem?.path, problem?.name],
      ['unknown-field', 'setup.generation_config', 'x'],
    );
    const deep = {
      setup: { tools: [{}, { functionDeclarations: [{ name: 'f', parameters: { const: 1 } }] }] },
    };
    assert.match(
      checkMessage('client', deep)[0]!.message,
      /Unknown name "const" at 'setup\.tools\[1\]\.function_declarations\[0\]\.parameters': /,
    );
    assert.equal(
      checkMessage('client', { nonsense: {} })[0]?.message,
      'Invalid JSON payload received. Unknown name "nonsense": Cannot find field.',
    );
  });

  it('looks into the properties of schemas, whose names are free', () => {
    const parameters = { type: 'OBJECT', properties: { constructor: { type: 'STRING' }, b: { oneOf: [] } } };
    const problems = checkMessage('client', {
      setup: { tools: [{ functionDeclarations: [{ parameters }] }] },
    });
    assert.deepEqual(
      problems.map(({ name }) => name),
      ['oneOf'],
    );
  });

  it('accepts snake_case, null, int64 as number, numbers as text', () => {
    const message = {
      setup: {
        generation_config: { top_k: '40', speech_config: null },
        context_window_compression: { trigger_tokens: 25600 },
      },
    };
    assert.deepEqual(checkMessage('client', message), []);
  });

  it('finds wrong types and unknown enum values', () => {
    const kinds = (message: unknown): Array<Problem['kind']> =>
      checkMessage('client', message).map(({ kind }) => kind);
    assert.deepEqual(kinds({ setup: 5 }), ['wrong-type']);
    assert.deepEqual(kinds({ setup: { model: 5 } }), ['wrong-type']);
    assert.deepEqual(kinds({ setup: { tools: {} } }), ['wrong-type']);
    assert.deepEqual(kinds({ setup: { generationConfig: { mediaResolution: 'HUGE' } } }), ['unknown-enum']);
    assert.deepEqual(kinds([]), ['wrong-type']);
  });

  it('knows the fields of the other backend', () => {
    const message = { setup: { tools: [{ retrieval: {} }] } };
    assert.deepEqual(checkMessage('client', message, { backend: 'vertex' }), []);
    assert.equal(checkMessage('client', message, { backend: 'gemini' })[0]?.kind, 'wrong-backend');
  });

  it('changes nothing', () => {
    const message = { server_content: { turn_complete: null } };
    checkMessage('server', message);
    assert.deepEqual(message, { server_content: { turn_complete: null } });
  });

  it('ends on circles, depth and floods', () => {
    type Nested = { items?: Nested };
    const circle: Nested = {};
    circle.items = circle;
    const parameters = { setup: { tools: [{ functionDeclarations: [{ parameters: circle }] }] } };
    assert.match(checkMessage('client', parameters)[0]!.message, /nested too deeply/);
    const flood = Object.fromEntries(Array.from({ length: 10_000 }, (_item, i) => [`x${i}`, i]));
    assert.ok(checkMessage('client', flood).length <= 20);
  });
});

describe('protocol: recordings of the real service (workspace)', () => {
  before(function () {
    // Third-party data that lies beside the project in the workspace where it is made.
    if (!existsSync(recordings)) this.skip();
  });

  it('hold no message that the schema does not know', () => {
    let count = 0;
    for (const file of readdirSync(recordings).filter((name) => name.endsWith('.yaml'))) {
      const { interactions } = parse(readFileSync(path.join(recordings, file), 'utf8')) as {
        interactions: Array<{ kind: string; direction: string; data: object }>;
      };
      for (const { kind, direction, data } of interactions) {
        if (kind !== 'message') continue;
        count++;
        if (direction === 'sent') {
          assert.deepEqual(checkMessage('client', data), [], file);
          continue;
        }
        const problems: Problem[] = [];
        const text = JSON.stringify(data);
        decode(text, (problem) => problems.push(problem));
        assert.deepEqual(problems, [], `${file}: ${text.slice(0, 200)}`);
      }
    }
    assert.ok(count > 100, `${count} messages`);
  });
});
