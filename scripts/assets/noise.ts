/** Background noise with a seed, so that every run hears the same. */
export type NoiseKind = 'white' | 'pink';

const FRAME = 320;
/** Frames this far below the loudest one (30 dB) are pauses and do not count as speech. */
const PAUSE = 1e-3;

/**
 * Speech with noise over it and around it.
 *
 * @param pcm 16 kHz mono
 * @param snrDb level of the speech, pauses left out, over the noise
 * @param aroundMs noise before and after the speech, ms
 */
export function withNoise(
  pcm: Int16Array,
  kind: NoiseKind,
  snrDb: number,
  seed: number,
  aroundMs = 300,
): Int16Array {
  const around = aroundMs * 16;
  const noise = makeNoise(kind, pcm.length + 2 * around, seed);
  const noisePower = noise.reduce((sum, value) => sum + value * value, 0) / noise.length;
  const gain = Math.sqrt(speechPower(pcm) / noisePower / 10 ** (snrDb / 10));
  return Int16Array.from(noise, (value, index) => {
    const sample = (pcm[index - around] ?? 0) + gain * value;
    return Math.max(-32768, Math.min(32767, Math.round(sample)));
  });
}

function speechPower(pcm: Int16Array): number {
  const powers: number[] = [];
  for (let at = 0; at + FRAME <= pcm.length; at += FRAME) {
    powers.push(pcm.subarray(at, at + FRAME).reduce((sum, value) => sum + value * value, 0) / FRAME);
  }
  const loudest = Math.max(...powers);
  const spoken = powers.filter((power) => power > loudest * PAUSE);
  return spoken.reduce((sum, power) => sum + power, 0) / spoken.length;
}

/** Noise of a level of about 1. */
export function makeNoise(kind: NoiseKind, length: number, seed: number): Float64Array {
  const random = mulberry(seed);
  const gauss = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  if (kind === 'white') return Float64Array.from({ length }, gauss);
  // Octave-spaced random walks (Voss): row k changes every 2^k samples, which falls by 3 dB per octave.
  const rows = new Float64Array(14);
  return Float64Array.from({ length }, (_, index) => {
    const row = Math.min(rows.length - 1, 31 - Math.clz32(index & -index || 1));
    rows[row] = gauss();
    return rows.reduce((sum, value) => sum + value, gauss());
  });
}

/** Small well-known generator (mulberry32); `Math.random` has no seed. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
