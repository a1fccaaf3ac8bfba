import { shared } from './places';

let context: AudioContext | undefined;
let modules: Promise<void> | undefined;

/**
 * The one audio context of the page, with its worklets; microphone and answers share it, and the rate is the device's
 * own. Browsers let it sound only after the page was touched: ask for it then, or ask {@link locked}.
 */
export async function audioContext(): Promise<AudioContext> {
  const made = (context ??= new AudioContext({ latencyHint: 'interactive' }));
  modules ??= Promise.all(
    ['assets/capture.js', 'assets/playback.js'].map((file) => made.audioWorklet.addModule(shared(file))),
  ).then(() => undefined);
  await modules.catch((error: unknown) => {
    modules = undefined; // the next one tries again
    throw error;
  });
  return made;
}

/** The browser keeps the page silent until it is touched. */
export const locked = (): boolean => context !== undefined && context.state !== 'running';

/** To be called by a touch or a key. Never waits: iOS answers only once it sounds. */
export function unlock(): void {
  if (context && context.state !== 'running') context.resume().catch(() => undefined);
}

/** Whether the page was ever touched; browsers that cannot tell are asked by trying. */
export const touched = (): boolean => navigator.userActivation?.hasBeenActive ?? true;
