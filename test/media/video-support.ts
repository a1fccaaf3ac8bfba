import assert from 'node:assert/strict';
import {
  captureVideo,
  capturedAt,
  frameInfo,
  type FrameInfo,
  type MediaHandle,
  type VideoOptions,
} from '../../src/media';
import { runningTools } from '../../src/media/process';
import { until } from '../support/processes';

/** A frame as it came. */
export interface Got extends FrameInfo {
  jpeg: Buffer;
}

/** A capture that runs, with all that came of it. */
export interface Watched {
  handle: MediaHandle;
  frames: Got[];
  warnings: string[];
  states: string[];
  /** Waits for that many frames. */
  some(count: number): Promise<Got[]>;
  stop(): Promise<void>;
}

const running = new Set<Watched>();

/** Starts a capture; {@link stopAll} ends it. */
export function watch(options: Omit<VideoOptions, 'signal' | 'onState'>): Watched {
  const control = new AbortController();
  const states: string[] = [];
  const handle = captureVideo({ ...options, signal: control.signal, onState: (state) => states.push(state) });
  const frames: Got[] = [];
  const warnings: string[] = [];
  handle.on('warning', ({ message }) => warnings.push(message));
  handle.open().on('data', (jpeg: Buffer) => {
    const info = frameInfo(jpeg);
    assert.ok(info && info.at === capturedAt(jpeg), 'a frame without a stamp');
    frames.push({ ...info, jpeg });
  });
  const watched: Watched = {
    handle,
    frames,
    warnings,
    states,
    async some(count) {
      await until(`${count} frames`, () => frames.length >= count || handle.error, Boolean, 60_000);
      if (handle.error) throw handle.error;
      // What comes later must not lengthen a list that somebody walks through.
      return frames.slice(0, count);
    },
    async stop() {
      control.abort();
      await until('the handle is closed', () => handle.state !== 'open');
    },
  };
  running.add(watched);
  return watched;
}

/** Ends all captures; nothing of them may be left. */
export async function stopAll(tools = 0): Promise<void> {
  await Promise.all([...running].map((one) => one.stop()));
  running.clear();
  await until('no program is left', runningTools, (count) => count <= tools);
}

/** The error that a capture is given up with. */
export async function failure(watched: Watched): Promise<Error & { code?: string }> {
  return until('an error', () => watched.handle.error!);
}
