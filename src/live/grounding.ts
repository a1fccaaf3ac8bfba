import type { GroundingChunk, GroundingMetadata, LiveServerContent, UrlContextMetadata } from '../protocol';

/** Something that an answer rests on. */
export interface Source {
  /** What a reader is shown; the host of the address where the service gives no title. */
  title: string;
  uri: string;
  kind: 'web' | 'maps' | 'image' | 'document';
  /** Passages of the answer that rest on it, where the service tells. */
  passages?: string[];
}

/** A page that the model was to read. */
export interface VisitedUrl {
  url: string;
  status: 'success' | 'error' | 'paywall' | 'unsafe' | 'unknown';
}

/** Sources on which an answer rests, as one message told them: readable, and as the service wrote them. */
export interface Grounding {
  /** In the order of the service, each address once. */
  sources: Source[];
  /** What was searched for. */
  queries: string[];
  /** Pages that were read, or could not be. */
  urls: VisitedUrl[];
  groundingMetadata?: GroundingMetadata;
  urlContextMetadata?: UrlContextMetadata;
}

/** Reads what one message says about the sources of an answer. */
export function readGrounding({ groundingMetadata, urlContextMetadata }: LiveServerContent): Grounding {
  const { webSearchQueries = [], imageSearchQueries = [], retrievalQueries = [] } = groundingMetadata ?? {};
  return {
    sources: sourcesOf(groundingMetadata ?? {}),
    queries: [...new Set([...webSearchQueries, ...imageSearchQueries, ...retrievalQueries])],
    urls: (urlContextMetadata?.urlMetadata ?? []).map(({ retrievedUrl = '', urlRetrievalStatus = '' }) => ({
      url: retrievedUrl,
      status: STATUSES[urlRetrievalStatus.replace('URL_RETRIEVAL_STATUS_', '')] ?? 'unknown',
    })),
    ...(groundingMetadata && { groundingMetadata }),
    ...(urlContextMetadata && { urlContextMetadata }),
  };
}

/** Passages that are kept per source. */
const MAX_PASSAGES = 100;

const STATUSES: Readonly<Record<string, VisitedUrl['status']>> = {
  SUCCESS: 'success',
  ERROR: 'error',
  PAYWALL: 'paywall',
  UNSAFE: 'unsafe',
};

function sourcesOf({ groundingChunks = [], groundingSupports = [] }: GroundingMetadata): Source[] {
  const found = new Map<string, Source>();
  const byIndex = groundingChunks.map((chunk) => {
    const read = readChunk(chunk);
    if (!read) return undefined;
    const key = read.uri || read.title;
    if (!found.has(key)) found.set(key, read);
    return found.get(key);
  });
  for (const { groundingChunkIndices = [], segment } of groundingSupports) {
    if (!segment?.text) continue;
    for (const index of groundingChunkIndices) {
      const passages = byIndex[index] && (byIndex[index].passages ??= []);
      if (passages && !passages.includes(segment.text) && passages.length < MAX_PASSAGES)
        passages.push(segment.text);
    }
  }
  return [...found.values()];
}

function readChunk({ web, maps, image, retrievedContext }: GroundingChunk): Source | undefined {
  if (web) return source('web', web.uri, web.title ?? web.domain);
  if (maps) return source('maps', maps.uri, maps.title);
  if (image) return source('image', image.sourceUri ?? image.imageUri, image.title ?? image.domain);
  if (!retrievedContext) return undefined;
  const { uri, title, documentName } = retrievedContext;
  return source('document', uri ?? documentName, title ?? documentName);
}

function source(kind: Source['kind'], uri = '', title = ''): Source | undefined {
  if (uri === '' && title === '') return undefined;
  return { title: title || hostIn(uri), uri, kind };
}

function hostIn(uri: string): string {
  try {
    return new URL(uri).host || uri;
  } catch {
    return uri;
  }
}
