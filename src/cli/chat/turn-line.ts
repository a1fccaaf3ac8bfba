import type { TurnEvent } from '../../live';

/**
 * What a turn took, in one line: times, tokens, money.
 * @param conversationUsd price of all turns so far; undefined where nothing is billed or no price is known
 */
export function turnLine(turn: TurnEvent, conversationUsd: number | undefined): string {
  const { timings, audioMs, usage, reason, costUsd } = turn;
  const parts: string[] = [];
  if (reason !== 'complete' && reason !== '') parts.push(reason.toLowerCase().replaceAll('_', ' '));
  if (timings.timeToFirstAudioMs !== undefined) {
    parts.push(`first sound after ${seconds(timings.timeToFirstAudioMs)}`);
  }
  if (audioMs > 0) parts.push(`${seconds(audioMs)} of speech`);
  if (usage) {
    parts.push(`${usage.promptTokenCount ?? 0} tokens in, ${usage.responseTokenCount ?? 0} out`);
  }
  if (conversationUsd !== undefined && costUsd !== undefined) {
    parts.push(`${dollars(costUsd)} (so far ${dollars(conversationUsd)})`);
  }
  return parts.length === 0 ? '' : `  [${parts.join(' · ')}]`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 995 ? 2 : 1)} s`;

/** Two digits that say something, however small the price. */
function dollars(usd: number): string {
  return usd === 0 || usd >= 0.1
    ? `$${usd.toFixed(2)}`
    : `$${Number(usd.toPrecision(2)).toFixed(6).replace(/0+$/, '')}`;
}
