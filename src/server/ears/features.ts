import type { Slices } from '../slices';
import { BANDS, melEnergies } from './spectrum';

/** Cepstral coefficients per 10 ms, with the zeroth (loudness). */
export const CEPSTRA = 13;
/** Rows around a moment that describe it together, in steps of 10 ms: the sound and how it moves. */
export const CONTEXT: readonly number[] = [-8, -6, -4, -2, 0, 2, 4, 6, 8];
/** Numbers that describe a moment before the projection. */
export const STACKED = CEPSTRA * CONTEXT.length;
/** Numbers that describe a moment after it. */
export const DIMENSIONS = 20;
/** Rows per frame of {@link Features}: one frame is 20 ms. */
export const ROWS_PER_FRAME = 2;

/** Everything this far below the loudest speech is treated as equally silent, so that quiet noise cannot speak. */
const SILENCE_DB = 45;
/** Share of the quietest rows taken as the background noise. */
const NOISE_SHARE = 0.1;
/** A row belongs to the utterance when it is this much louder than the background… */
const SPEECH_OVER_NOISE = 2.5;
/** …and within this fraction (30 dB) of the loudest speech. */
const SPEECH_OF_PEAK = 1e-3;
/** Rows kept before and after the utterance. */
const EDGE_ROWS = 2;
/** Anything shorter is no word. */
const MIN_ROWS = 16;

/** What an utterance sounds like: one row of {@link DIMENSIONS} numbers for each 20 ms. */
export interface Features {
  readonly frames: number;
  /** `frames × DIMENSIONS`, row by row. */
  readonly data: Float32Array;
}

/** Linear map from {@link STACKED} numbers to {@link DIMENSIONS}, row by row. */
export type Projection = Float32Array;

/** Features of a recording, or nothing when it is silent or too short. */
export async function extract(
  pcm: Int16Array,
  projection: Projection,
  slices: Slices,
): Promise<Features | undefined> {
  const rows = await cepstra(pcm, slices);
  return rows && project(rows, projection);
}

/**
 * Mel cepstra of the spoken part of a recording. Their mean over the utterance is subtracted, which takes away
 * microphone, room and loudness.
 *
 * @param pcm 16 kHz mono
 */
export async function cepstra(pcm: Int16Array, slices: Slices): Promise<Float32Array[] | undefined> {
  const spoken = spokenPart(await melEnergies(pcm, slices));
  if (spoken.length < MIN_ROWS) return undefined;
  const rows = spoken.map(cosineTransform);
  for (let index = 0; index < CEPSTRA; index++) {
    const mean = rows.reduce((sum, row) => sum + row[index]!, 0) / rows.length;
    for (const row of rows) row[index]! -= mean;
  }
  return rows;
}

/** The {@link STACKED} numbers that describe the moment at `rows[at]`. */
export function stack(rows: readonly Float32Array[], at: number): Float32Array {
  const stacked = new Float32Array(STACKED);
  CONTEXT.forEach((offset, index) => {
    stacked.set(rows[Math.min(rows.length - 1, Math.max(0, at + offset))]!, index * CEPSTRA);
  });
  return stacked;
}

/** Applies the projection to every second row. */
export function project(rows: readonly Float32Array[], projection: Projection): Features {
  const frames = Math.ceil(rows.length / ROWS_PER_FRAME);
  const data = new Float32Array(frames * DIMENSIONS);
  for (let frame = 0; frame < frames; frame++) {
    const stacked = stack(rows, frame * ROWS_PER_FRAME);
    for (let d = 0; d < DIMENSIONS; d++) {
      let sum = 0;
      for (let index = 0; index < STACKED; index++) sum += projection[d * STACKED + index]! * stacked[index]!;
      data[frame * DIMENSIONS + d] = sum;
    }
  }
  return { frames, data };
}

/** Cuts silence off both ends, takes the background noise away and turns energies into logarithms. */
function spokenPart(rows: Float32Array[]): Float32Array[] {
  const loudness = rows.map((row) => row.reduce((sum, energy) => sum + energy, 0));
  const ranked = Float32Array.from(loudness).sort();
  const background = ranked[Math.floor(ranked.length * NOISE_SHARE)] ?? 0;
  const peak = ranked[Math.floor(ranked.length * 0.97)] ?? 0;
  if (peak < BANDS) return [];
  const threshold = Math.max(background * SPEECH_OVER_NOISE, peak * SPEECH_OF_PEAK);
  const first = loudness.findIndex((value) => value > threshold);
  const last = loudness.findLastIndex((value) => value > threshold);
  if (first < 0) return [];
  const noise = backgroundSpectrum(rows);
  const floor = (peak / BANDS) * 10 ** (-SILENCE_DB / 10);
  return rows
    .slice(Math.max(0, first - EDGE_ROWS), last + EDGE_ROWS + 1)
    .map((row) => row.map((energy, band) => Math.log(Math.max(energy - noise[band]!, 0) + floor)));
}

function backgroundSpectrum(rows: readonly Float32Array[]): Float32Array {
  return Float32Array.from({ length: BANDS }, (_, band) => {
    const ranked = Float32Array.from(rows, (row) => row[band]!).sort();
    return ranked[Math.floor(ranked.length * NOISE_SHARE)]!;
  });
}

const cosines = Array.from({ length: CEPSTRA }, (_, index) =>
  Float32Array.from(
    { length: BANDS },
    (__, band) => Math.sqrt((index ? 2 : 1) / BANDS) * Math.cos((Math.PI * index * (band + 0.5)) / BANDS),
  ),
);

function cosineTransform(row: Float32Array): Float32Array {
  return Float32Array.from(cosines, (cosine) => {
    let sum = 0;
    for (let band = 0; band < BANDS; band++) sum += cosine[band]! * row[band]!;
    return sum;
  });
}
