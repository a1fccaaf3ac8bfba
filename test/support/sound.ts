/** A sine tone as mono PCM16; `level` is its peak, 0..1. */
export function tone(hz: number, ms: number, rate: number, level = 0.5): Int16Array {
  const samples = new Int16Array(Math.round((rate * ms) / 1000));
  for (let i = 0; i < samples.length; i++) {
    samples[i] = Math.round(Math.sin((2 * Math.PI * hz * i) / rate) * level * 32767);
  }
  return samples;
}

/** PCM16 bytes as samples (copied, so that alignment does not matter) and back. */
export function samplesOf(bytes: Buffer): Int16Array {
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1)));
}

export function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Root mean square, 0..1. A full-scale sine has 0.707. */
export function rms(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += (sample / 32768) ** 2;
  return samples.length ? Math.sqrt(sum / samples.length) : 0;
}

/** Share of the energy that lies at one frequency (Goertzel), 0..1: near 1 for a pure tone, near 0 for anything else. */
export function toneShare(samples: Int16Array, hz: number, rate: number): number {
  const w = (2 * Math.PI * hz) / rate;
  const k = 2 * Math.cos(w);
  let [a, b, energy] = [0, 0, 0];
  for (const sample of samples) {
    [a, b] = [sample + k * a - b, a];
    energy += sample * sample;
  }
  const power = a * a + b * b - k * a * b;
  return energy ? (2 * power) / (samples.length * energy) : 0;
}

/** First and one-past-last sample louder than `level` (0..1); undefined if all is silent. */
export function loudSpan(samples: Int16Array, level = 0.02): { start: number; end: number } | undefined {
  const limit = level * 32768;
  const start = samples.findIndex((sample) => Math.abs(sample) > limit);
  if (start < 0) return undefined;
  let end = samples.length;
  while (Math.abs(samples[end - 1]!) <= limit) end--;
  return { start, end };
}

/** Windows of 10 ms that are louder than `level` (rms, 0..1). A machine that stalls puts gaps into sound, but loses none of it. */
function loudWindows(samples: Int16Array, rate: number, level: number): Int16Array[] {
  const size = rate / 100;
  const windows: Int16Array[] = [];
  for (let at = 0; at + size <= samples.length; at += size) windows.push(samples.subarray(at, at + size));
  return windows.filter((window) => rms(window) > level);
}

/** How much sound there is, gaps not counted, ms (in steps of 10). */
export function loudMs(samples: Int16Array, rate: number, level = 0.05): number {
  return loudWindows(samples, rate, level).length * 10;
}

/** Median of {@link toneShare} over all that is loud: what one hears, whatever gaps a busy machine put between. */
export function heardTone(samples: Int16Array, hz: number, rate: number): number {
  const shares = loudWindows(samples, rate, 0.05).map((window) => toneShare(window, hz, rate));
  return shares.sort((a, b) => a - b)[Math.floor(shares.length / 2)] ?? 0;
}
