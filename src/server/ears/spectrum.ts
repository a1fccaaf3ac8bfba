import type { Slices } from '../slices';

/** Length of the analysis window, samples (25 ms at 16 kHz). */
const WINDOW = 400;
const FFT = 512;
const PRE_EMPHASIS = 0.97;

/** Step between frames, samples (10 ms at 16 kHz). */
const HOP = 160;
/** Mel bands per frame. */
export const BANDS = 24;

const RATE = 16000;
const LOWEST_HZ = 100;
const HIGHEST_HZ = 7000;

const hamming = Float32Array.from(
  { length: WINDOW },
  (_, n) => 0.54 - 0.46 * Math.cos((2 * Math.PI * n) / (WINDOW - 1)),
);
const cosines = Float32Array.from({ length: FFT / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / FFT));
const sines = Float32Array.from({ length: FFT / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / FFT));
const reversed = Uint16Array.from({ length: FFT }, (_, k) => {
  let out = 0;
  for (let bit = 1; bit < FFT; bit <<= 1) out = (out << 1) | (k & bit ? 1 : 0);
  return out;
});
const filters = melFilters();

/**
 * Energy of each mel band in each 10 ms frame.
 *
 * @param pcm 16 kHz mono
 * @returns one row of {@link BANDS} energies per frame, linear scale, 1 = one least significant bit squared
 */
export async function melEnergies(pcm: Int16Array, slices: Slices): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (let start = 0; start + WINDOW <= pcm.length; start += HOP) {
    rows.push(frameEnergies(pcm, start));
    if (slices.due) await slices.pause();
  }
  return rows;
}

function frameEnergies(pcm: Int16Array, start: number): Float32Array {
  const re = new Float32Array(FFT);
  const im = new Float32Array(FFT);
  for (let n = 0; n < WINDOW; n++) {
    const before = start + n > 0 ? pcm[start + n - 1]! : 0;
    re[reversed[n]!] = (pcm[start + n]! - PRE_EMPHASIS * before) * hamming[n]!;
  }
  transform(re, im);
  return Float32Array.from(filters, ({ first, weights }) => {
    let sum = 0;
    for (let k = 0; k < weights.length; k++) {
      const bin = first + k;
      sum += weights[k]! * (re[bin]! * re[bin]! + im[bin]! * im[bin]!);
    }
    return sum / FFT;
  });
}

/** In-place radix-2 FFT of input that is already in bit-reversed order. */
function transform(re: Float32Array, im: Float32Array): void {
  for (let size = 2; size <= FFT; size <<= 1) {
    const half = size >> 1;
    const stride = FFT / size;
    for (let block = 0; block < FFT; block += size) {
      for (let k = 0; k < half; k++) {
        const c = cosines[k * stride]!;
        const s = sines[k * stride]!;
        const low = block + k;
        const high = low + half;
        const xr = re[high]! * c + im[high]! * s;
        const xi = im[high]! * c - re[high]! * s;
        re[high] = re[low]! - xr;
        im[high] = im[low]! - xi;
        re[low] = re[low]! + xr;
        im[low] = im[low]! + xi;
      }
    }
  }
}

function melFilters(): Array<{ first: number; weights: Float32Array }> {
  const mel = (hz: number): number => 2595 * Math.log10(1 + hz / 700);
  const hz = (value: number): number => 700 * (10 ** (value / 2595) - 1);
  const step = (mel(HIGHEST_HZ) - mel(LOWEST_HZ)) / (BANDS + 1);
  const edge = (index: number): number => (hz(mel(LOWEST_HZ) + index * step) * FFT) / RATE;
  return Array.from({ length: BANDS }, (_, band) => {
    const [left, middle, right] = [edge(band), edge(band + 1), edge(band + 2)];
    const first = Math.ceil(left);
    const weights = new Float32Array(Math.max(1, Math.ceil(right) - first));
    for (let k = 0; k < weights.length; k++) {
      const bin = first + k;
      weights[k] = Math.max(
        0,
        bin <= middle ? (bin - left) / (middle - left) : (right - bin) / (right - middle),
      );
    }
    return { first, weights };
  });
}
