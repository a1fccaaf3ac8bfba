import { randomFrom } from '../../src/server/clock';

/** Background of a quiet room: noise of the given level. */
export function noise(ms: number, amplitude = 12, rate = 16_000, seed = 7): Int16Array {
  const random = randomFrom(seed);
  return Int16Array.from({ length: (ms * rate) / 1000 }, () => (random() * 2 - 1) * amplitude);
}

/** Something with the energy of speech: a buzz at 120 Hz that swells and fades four times a second. */
export function buzz(ms: number, amplitude = 9000, rate = 16_000): Int16Array {
  return Int16Array.from({ length: (ms * rate) / 1000 }, (_, i) => {
    const t = i / rate;
    const swell = 0.3 + 0.7 * Math.abs(Math.sin(2 * Math.PI * 2 * t));
    const wave = [1, 2, 3, 4].reduce((sum, k) => sum + Math.sin(2 * Math.PI * 120 * k * t) / k, 0);
    return amplitude * 0.5 * swell * wave;
  });
}

export function join(...pieces: Int16Array[]): Int16Array {
  return Int16Array.from(pieces.flatMap((piece) => [...piece]));
}

/** Two pieces over each other. */
export function mix(a: Int16Array, b: Int16Array): Int16Array {
  return a.map((sample, i) => Math.max(-32768, Math.min(32767, sample + (b[i] ?? 0))));
}
