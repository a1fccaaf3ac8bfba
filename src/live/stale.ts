import type { LiveClientMessage } from '../protocol';

/** What waits in the lane of sound. */
export interface AudioItem {
  /** Audio, or undefined for a marker. */
  pcm?: Buffer;
  /** A marker's message. */
  marker?: LiveClientMessage;
  /** When it was queued (epoch ms). */
  at: number;
}

/**
 * What of the waiting sound is still worth sending. Of activities that nobody could hear in time nothing is left: each
 * empty one would interrupt the model.
 *
 * @param oldest what was queued before is too old (epoch ms)
 * @param dropped called with each piece of sound that is left out
 */
export function withoutStale(
  items: readonly AudioItem[],
  oldest: number,
  dropped: (pcm: Buffer) => void,
): AudioItem[] {
  const kept: AudioItem[] = [];
  for (const item of items) {
    const { pcm, at } = item;
    const before = kept.at(-1);
    if (at >= oldest) kept.push(item);
    else if (pcm) dropped(pcm);
    else if (has(item, 'activityEnd') && has(before, 'activityStart')) kept.pop();
    else if (!(has(item, 'audioStreamEnd') && has(before, 'audioStreamEnd'))) kept.push(item);
  }
  return kept;
}

function has(
  item: AudioItem | undefined,
  marker: 'activityStart' | 'activityEnd' | 'audioStreamEnd',
): boolean {
  return item?.marker?.realtimeInput?.[marker] !== undefined;
}
