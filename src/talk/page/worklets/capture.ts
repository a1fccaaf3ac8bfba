import { Resampler } from './resampler';

/** What the service wants to hear. */
const RATE = 16_000;
/** Samples of a frame: 20 ms. */
const FRAME = 320;
/** How often the level is told (ms). */
const LEVEL_MS = 50;

/**
 * The microphone: frames of 16 kHz PCM16 while the gate is open, and the level always. Told: `{open}`. Tells: `{pcm}`,
 * `{level}` (0…1, root mean square), and `{closed}` after the last frame, so that "stopped talking" is said after it.
 */
class Capture extends AudioWorkletProcessor {
  readonly #resampler = new Resampler(sampleRate, RATE);
  #frame = new Int16Array(FRAME);
  #filled = 0;
  #open = false;
  #sum = 0;
  #count = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<{ open: boolean }>) => {
      if (this.#open && !data.open) this.#close();
      this.#open = data.open;
    };
  }

  process([input]: Float32Array[][]): boolean {
    const samples = mono(input ?? []);
    if (!samples) return true; // the device gives nothing just now
    this.#measure(samples);
    const ready = this.#resampler.push(samples);
    if (this.#open) for (const sample of ready) this.#put(sample);
    return true;
  }

  #put(sample: number): void {
    const bounded = Math.max(-1, Math.min(1, sample));
    this.#frame[this.#filled] = Math.round(bounded < 0 ? bounded * 32_768 : bounded * 32_767);
    this.#filled += 1;
    if (this.#filled === FRAME) this.#send();
  }

  #send(): void {
    const pcm = this.#frame.slice(0, this.#filled);
    this.#filled = 0;
    this.port.postMessage({ pcm }, [pcm.buffer]);
  }

  #close(): void {
    if (this.#filled > 0) this.#send();
    this.port.postMessage({ closed: true });
  }

  #measure(samples: Float32Array): void {
    for (const sample of samples) this.#sum += sample * sample;
    this.#count += samples.length;
    if (this.#count < (sampleRate * LEVEL_MS) / 1000) return;
    this.port.postMessage({ level: Math.sqrt(this.#sum / this.#count) });
    this.#sum = 0;
    this.#count = 0;
  }
}

/** Some microphones come with two channels whatever was asked for. */
function mono(channels: Float32Array[]): Float32Array | undefined {
  const [left, right] = channels;
  return left && right ? left.map((sample, index) => (sample + right[index]!) / 2) : left;
}

registerProcessor('capture', Capture);
