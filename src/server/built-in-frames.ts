import type { GroundingMetadata, LiveServerContent, LiveServerMessage, Part } from '../protocol';
import type { BuiltInUse } from './parts';
import type { Route } from './routes';

/** Code that was run, and its output: a frame each, before the answer. */
export function* codeFrames({ code }: BuiltInUse, backend: Route['backend']): Generator<LiveServerMessage> {
  if (!code) return;
  yield part({ executableCode: { language: 'PYTHON', code: code.code } }, backend);
  yield part({ codeExecutionResult: { outcome: 'OUTCOME_OK', output: code.output } }, backend);
}

/** Addresses that were read: a frame of its own, after the answer. */
export function* urlFrames({ urls }: BuiltInUse): Generator<LiveServerMessage> {
  if (!urls) return;
  const urlMetadata = urls.map(({ url, read }) => ({
    retrievedUrl: url,
    urlRetrievalStatus: read
      ? ('URL_RETRIEVAL_STATUS_SUCCESS' as const)
      : ('URL_RETRIEVAL_STATUS_ERROR' as const),
  }));
  yield content({ urlContextMetadata: { urlMetadata } });
}

/**
 * What an answer is grounded in. The Gemini API sends it in a frame of its own, Vertex AI with `turnComplete`.
 * @param text of the answer, all of which the sources stand for
 */
export function groundingOf({ search }: BuiltInUse, text: string): GroundingMetadata | undefined {
  if (!search) return undefined;
  const { queries, sources } = search;
  return {
    searchEntryPoint: { renderedContent: entryPoint(queries) },
    groundingChunks: sources.map((web) => ({ web: { ...web } })),
    groundingSupports: [
      {
        segment: { endIndex: Buffer.byteLength(text), text },
        groundingChunkIndices: sources.map((_, index) => index),
      },
    ],
    webSearchQueries: [...queries],
  };
}

/** The frame of {@link groundingOf} on the Gemini API. */
export const groundingFrame = (groundingMetadata: GroundingMetadata): LiveServerMessage =>
  content({ groundingMetadata });

const content = (serverContent: LiveServerContent): LiveServerMessage => ({ serverContent });

const part = (one: Part, backend: Route['backend']): LiveServerMessage =>
  content({ modelTurn: { ...(backend === 'vertex' ? { role: 'model' } : {}), parts: [one] } });

/** The suggestions that a client is asked to show: one link for each query. */
function entryPoint(queries: readonly string[]): string {
  const links = queries.map((query) => {
    const shown = query.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    return `<a class="chip" href="https://example.com/search?q=${encodeURIComponent(query)}">${shown}</a>`;
  });
  return `<div class="container">${links.join('')}</div>`;
}
