import type { ModalityTokenCount, UsageMetadata } from '../protocol';
import type { Route } from './routes';

/** Audio costs about 25 tokens a second both ways. */
export const audioTokens = (ms: number): number => Math.ceil((ms * 25) / 1000);

/** Roughly four characters make a token. */
export const textTokens = (text: string): number => Math.ceil(text.length / 4);

/** A frame of video at the default resolution. */
export const VIDEO_FRAME_TOKENS = 258;

/** Tokens by modality. */
export interface TokenCounts {
  TEXT: number;
  AUDIO: number;
  VIDEO: number;
}

export const noTokens = (): TokenCounts => ({ TEXT: 0, AUDIO: 0, VIDEO: 0 });

/** Adds `more` to `counts` in place. */
export function addTokens(counts: TokenCounts, more: Partial<TokenCounts>): void {
  counts.TEXT += more.TEXT ?? 0;
  counts.AUDIO += more.AUDIO ?? 0;
  counts.VIDEO += more.VIDEO ?? 0;
}

const total = (counts: TokenCounts): number => counts.TEXT + counts.AUDIO + counts.VIDEO;

const details = (counts: TokenCounts): ModalityTokenCount[] =>
  (['TEXT', 'AUDIO', 'VIDEO'] as const)
    .filter((modality) => counts[modality] > 0)
    .map((modality) => ({ modality, tokenCount: counts[modality] }));

/**
 * The usage of one turn. The whole context is billed again with every turn, so `prompt` is all that was said before.
 * The two backends name the answer's counts differently.
 */
export function usageMetadata(
  prompt: TokenCounts,
  response: TokenCounts,
  backend: Route['backend'],
): UsageMetadata {
  const answer = backend === 'vertex' ? 'candidates' : 'response';
  return {
    promptTokenCount: total(prompt),
    [`${answer}TokenCount`]: total(response),
    totalTokenCount: total(prompt) + total(response),
    promptTokensDetails: details(prompt),
    [`${answer}TokensDetails`]: details(response),
  };
}
