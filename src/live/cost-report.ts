import type { ModalityTokenCount, UsageMetadata } from '../protocol';

/** Tokens by modality (`text`, `audio`, `video`, …, in small letters); `thoughts` are tokens of thinking. */
export interface TokensByModality {
  input: Record<string, number>;
  output: Record<string, number>;
}

/** The tokens of a usage by modality. What the service counts without naming a modality is `other`. */
export function byModality(usage: UsageMetadata): TokensByModality {
  const { thoughtsTokenCount, toolUsePromptTokenCount } = usage;
  const input = counts(usage.promptTokensDetails, usage.promptTokenCount);
  const output = counts(usage.responseTokensDetails, usage.responseTokenCount);
  if (toolUsePromptTokenCount) input['tools'] = toolUsePromptTokenCount;
  if (thoughtsTokenCount) output['thoughts'] = thoughtsTokenCount;
  return { input, output };
}

function counts(details: ModalityTokenCount[] | undefined, total = 0): Record<string, number> {
  const out: Record<string, number> = {};
  let sum = 0;
  for (const { modality, tokenCount } of details ?? []) {
    if (!modality || !tokenCount) continue;
    const name = modality.toLowerCase();
    out[name] = (out[name] ?? 0) + tokenCount;
    sum += tokenCount;
  }
  if (total > sum) out['other'] = total - sum;
  return out;
}
