import path from 'node:path';
import type { MediaHandle } from '../../src/media';
import type { Message } from '../shared/types';

/** What an audio-out node says when a stream is over: `msg.payload` of its output. */
export interface Finished {
  /** Path of the file, if one was written. */
  file?: string;
  bytes?: number;
  /** Length of the audio (ms). */
  durationMs: number;
  /** How much of it was heard (ms), if it was played. */
  playedMs?: number;
  /** True when its end is missing: it was interrupted, stopped, or its source failed. */
  incomplete: boolean;
}

/**
 * The file for a stream: `{turn}` and `{time}` in the name are replaced, so that answers need not overwrite each other.
 *
 * @param name from the message or the dialog; relative to `folder`
 */
export function fileFor(name: string, folder: string, msg: Message, handle: MediaHandle): string {
  const turn = msg.turn ?? handle.meta.turn ?? 0;
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  return path.resolve(folder, name.replaceAll('{turn}', String(turn)).replaceAll('{time}', time));
}
