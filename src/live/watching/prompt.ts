import type { WatchingSettings } from './options';

const ALONE = 'Nobody has said anything; this is about the newest pictures alone.';

/** What the model is asked about pictures alone. */
export function watchPrompt({ prompt, nothing }: Pick<WatchingSettings, 'prompt' | 'nothing'>): string {
  const answer = nothing.startsWith('<') ? nothing : `"${nothing}"`;
  return `${ALONE} ${prompt} If there is nothing to say, answer only with ${answer}`;
}

/** Whether a frame asks about pictures alone. One that was lost is not repeated: the next one comes in its time. */
export function isWatchPrompt(frame: string): boolean {
  return frame.includes(ALONE);
}
