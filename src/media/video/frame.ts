import { stamp } from '../stamp';

/** What is known of a frame beside its bytes. */
export interface FrameInfo {
  /** When it was captured: when its first byte came from the source (epoch ms). */
  readonly at: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Number of the frame within its stream, from 1. Frames that were skipped have none. */
  readonly sequence: number;
  /** It shows nothing new: it refreshes the one before, because that is old or because somebody wanted it. */
  readonly repeated?: true;
}

/** Kept globally, so that a frame keeps what is known of it across two loaded copies of this package. */
const KEY = Symbol.for('gemini-live.frames');
const shared = globalThis as { [KEY]?: WeakMap<Buffer, FrameInfo> };
const known = (shared[KEY] ??= new WeakMap());

/** Capture time, size and number of a frame, if it came from a source of video; copies of the Buffer lose it. */
export function frameInfo(frame: Buffer): FrameInfo | undefined {
  return known.get(frame);
}

/** Writes onto a frame what is known of it. */
export function describeFrame(frame: Buffer, info: FrameInfo): Buffer {
  known.set(frame, info);
  return stamp(frame, info.at);
}
