import type { ModalityTokenCount, UsageMetadata } from '../wire';
import type { ModelProfile, Prices } from './types';

/** What a usage costs (US dollars). */
export interface Price {
  usd: number;
  /** The same by kind of token; kinds that were not used are 0. */
  parts: { textIn: number; audioIn: number; videoIn: number; textOut: number; audioOut: number };
  /** True when the prices of this model are not known and others were taken. */
  estimated: boolean;
}

type Kind = 'text' | 'audio' | 'video';

const KINDS: Readonly<Record<string, Kind>> = { AUDIO: 'audio', IMAGE: 'video', VIDEO: 'video' };

/**
 * The price of one turn's usage, or of a sum of them.
 *
 * Thoughts and transcripts are billed as text that the model wrote (ai.google.dev/gemini-api/docs/pricing). Tokens that
 * no modality detail names exist in real receipts: they count as text where other details are given, and as audio,
 * the dearer, where there are none at all: a limit of costs must not be reached too late.
 */
export function priceOf(profile: Pick<ModelProfile, 'prices'>, usage: UsageMetadata): Price {
  const input = add(
    countsOf(usage.promptTokenCount, usage.promptTokensDetails),
    countsOf(usage.toolUsePromptTokenCount, usage.toolUsePromptTokensDetails),
  );
  const output = countsOf(usage.responseTokenCount, usage.responseTokensDetails);
  output.text += count(usage.thoughtsTokenCount);
  const { prices } = profile;
  const cost = (tokens: number, price: keyof Omit<Prices, 'estimated'>): number =>
    (tokens * prices[price]) / 1e6;
  const parts = {
    textIn: cost(input.text, 'textIn'),
    audioIn: cost(input.audio, 'audioIn'),
    videoIn: cost(input.video, 'videoIn'),
    textOut: cost(output.text, 'textOut'),
    // A model that answers with pictures has no price here; as sound they are at least not free.
    audioOut: cost(output.audio + output.video, 'audioOut'),
  };
  const usd = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return { usd, parts, estimated: prices.estimated === true };
}

function countsOf(
  total: number | undefined,
  details: ModalityTokenCount[] | undefined,
): Record<Kind, number> {
  const counts = { text: 0, audio: 0, video: 0 };
  let named = 0;
  for (const { modality, tokenCount } of details ?? []) {
    counts[KINDS[modality ?? ''] ?? 'text'] += count(tokenCount);
    named += count(tokenCount);
  }
  const rest = Math.max(0, count(total) - named);
  counts[named > 0 ? 'text' : 'audio'] += rest;
  return counts;
}

function add(a: Record<Kind, number>, b: Record<Kind, number>): Record<Kind, number> {
  return { text: a.text + b.text, audio: a.audio + b.audio, video: a.video + b.video };
}

/** Counts come from the network: only whole, positive sense is taken. */
function count(value: number | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}
