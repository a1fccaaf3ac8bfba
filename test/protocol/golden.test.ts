import assert from 'node:assert/strict';
import {
  authTokenRequest,
  clientContent,
  contextUpdate,
  endpoint,
  ProtocolError,
  realtimeInput,
  resolveTools,
  setup,
  toolResponse,
  checkMessage,
  type Backend,
  type LiveConnectConfig,
} from '../../src/protocol';
import { canon, diffGolden, difference, loadGoldens, type Golden } from '../support/golden';

/** The recorder wrote words for what JSON cannot hold. */
function configOf(golden: Golden): LiveConnectConfig | null {
  const { config } = golden.input;
  if (config?.['tools'] !== 'CALLABLE') return config as LiveConnectConfig | null;
  const tool = {
    tool: async () => ({ functionDeclarations: [{ name: 'mcp_fn' }] }),
    callTool: () => undefined,
  };
  return { ...config, tools: [tool] } as LiveConnectConfig;
}

function endpointOf({ input }: Golden): ReturnType<typeof endpoint> {
  const { vertexai, apiKey, project, location, googleAuthOptions, httpOptions } = input.client;
  return endpoint({
    backend: vertexai ? 'vertex' : 'gemini',
    apiKey,
    token: googleAuthOptions === 'FAKE_ADC' ? 'ya29.FAKE' : undefined,
    project,
    location,
    ...httpOptions,
  });
}

function encodeSend(method: string, input: Record<string, unknown>, backend: Backend): unknown {
  if (method === 'sendRealtimeInput') return realtimeInput(input);
  if (method === 'sendClientContent') return clientContent(input, backend);
  if (method === 'sendToolResponse') return toolResponse(input as never, backend);
  assert.equal(method, 'sendContextUpdate');
  return contextUpdate(input, backend);
}

/** What we send for the input of a case, and what we refuse. */
async function ours(golden: Golden): Promise<{ url: string; frames: unknown[]; refused: unknown[] }> {
  const { model, sends, client } = golden.input;
  const backend = client.vertexai ? 'vertex' : 'gemini';
  const { url } = endpointOf(golden);
  const config = await resolveTools(configOf(golden) ?? {});
  const { project, location } = client;
  const frames: unknown[] = [setup({ model, config, backend, project, location })];
  const refused: unknown[] = [];
  for (const [method, input] of sends) {
    try {
      frames.push(encodeSend(method, input, backend));
    } catch (error) {
      refused.push(error);
    }
  }
  return { url, frames, refused };
}

function freeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}

describe('protocol: the official SDK’s frames', () => {
  const goldens = loadGoldens();

  it('has all recorded cases', () => assert.equal(goldens.length, 81));

  for (const golden of goldens) {
    if (golden.http) {
      it(`${golden.name}: the request for a token, equal`, () => {
        const { liveConnectConstraints, lockAdditionalFields, ...rest } = freeze(golden).input.token!;
        const request = authTokenRequest({
          ...rest,
          constraints: liveConnectConstraints,
          lockFields: lockAdditionalFields,
        });
        assert.deepEqual(difference(canon(golden.http![0]!.body), canon(request)), []);
        assert.ok(golden.http![0]!.url.endsWith('/v1alpha/auth_tokens'));
      });
    } else if (golden.error) {
      it(`${golden.name}: refused, as the SDK refuses it`, async () => {
        await assert.rejects(ours(freeze(golden)), (error: unknown) => {
          assert.ok(error instanceof ProtocolError, String(error));
          assert.ok(error.message.length > 20);
          assert.ok(!error.message.includes('AIzaFAKE'));
          return true;
        });
      });
    } else {
      it(`${golden.name}: equal, and its input is left alone`, async () => {
        // Frozen: any write to the caller's objects would throw.
        const result = await ours(freeze(golden));
        assert.deepEqual(diffGolden(golden, expectedHistory(golden, result)), []);
        assert.equal(result.refused.length, golden.sendErrors?.length ?? 0);
        for (const error of result.refused) assert.ok(error instanceof ProtocolError, String(error));
        for (const frame of result.frames) assert.deepEqual(checkMessage('client', frame), []);
      });
    }
  }

  /** The SDK drops `historyConfig`; we send it (README of the cases). */
  function expectedHistory(golden: Golden, result: { url: string; frames: unknown[] }): typeof result {
    if (!golden.name.startsWith('cfg-history')) return result;
    const first = structuredClone(result.frames[0]) as { setup: Record<string, unknown> };
    assert.deepEqual(first.setup['historyConfig'], { initialHistoryInClientContent: true });
    delete first.setup['historyConfig'];
    return { ...result, frames: [first, ...result.frames.slice(1)] };
  }
});

describe('protocol: authentication', () => {
  it('is never in the URL, always in a header', () => {
    for (const golden of loadGoldens()) {
      if (!golden.url || golden.http) continue;
      const { url, headers } = endpointOf(golden);
      const { apiKey, googleAuthOptions } = golden.input.client;
      assert.doesNotMatch(url, /key=|access_token=|AIza|auth_tokens|ya29/, golden.name);
      if (apiKey?.startsWith('auth_tokens/')) assert.equal(headers['authorization'], `Token ${apiKey}`);
      else if (apiKey) assert.equal(headers['x-goog-api-key'], apiKey);
      else if (googleAuthOptions) assert.equal(headers['authorization'], 'Bearer ya29.FAKE');
      for (const [name, value] of Object.entries(golden.input.client.httpOptions?.headers ?? {})) {
        assert.equal(headers[name], value);
      }
    }
  });

  it('goes to Google’s own hosts by default', () => {
    assert.equal(
      endpoint({ apiKey: 'k', apiVersion: 'v1beta' }).url,
      'wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent',
    );
    const vertex = { backend: 'vertex', project: 'p', token: 't', apiVersion: 'v1' } as const;
    const rest = '/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent';
    assert.equal(
      endpoint({ ...vertex, location: 'us-central1' }).url,
      `wss://us-central1-aiplatform.googleapis.com${rest}`,
    );
    assert.equal(endpoint({ ...vertex, location: 'global' }).url, `wss://aiplatform.googleapis.com${rest}`);
  });

  it('refuses keys that were pasted with something else, and never repeats them', () => {
    for (const apiKey of ['AIza secret', 'AIza\nsecret', 'Schlüssel-secret']) {
      assert.throws(() => endpoint({ apiKey }), { code: 'BAD_ENDPOINT', message: /^(?!.*secret)/s });
    }
    assert.throws(() => endpoint({ baseUrl: 'localhost:3000' }), { code: 'BAD_ENDPOINT' });
    assert.throws(() => endpoint({ apiVersion: '../x' }), { code: 'BAD_ENDPOINT' });
    assert.throws(() => endpoint({ backend: 'vertex', location: 'evil.example/' }), { code: 'BAD_ENDPOINT' });
  });
});
