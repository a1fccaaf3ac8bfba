import { BANDS, melEnergies } from './spectrum';

/** Cepstral coefficients per frame; the zeroth (loudness) is left out. */
const CEPSTRA = 12;
/** Numbers per frame: cepstra and their slopes. */
export const DIMENSIONS = 2 * CEPSTRA;
/** Time between two frames of {@link Features}, ms. */
export const FRAME_MS = 20;

/** Slopes are smaller than the values themselves; this makes them count about as much. */
const SLOPE_WEIGHT = 1.5;
/** Frames on each side from which a slope is fitted. */
const SLOPE_SPAN = 3;
/** Everything this far below the loudest speech is treated as equally silent, so that quiet noise cannot speak. */
const SILENCE_DB = 45;
/** Share of the quietest frames taken as the background noise. */
const NOISE_SHARE = 0.1;
/** A frame belongs to the utterance when it is this much louder than the background… */
const SPEECH_OVER_NOISE = 2.5;
/** …and within this fraction (30 dB) of the loudest speech. */
const SPEECH_OF_PEAK = 1e-3;
/** Frames kept before and after the utterance. */
const EDGE_FRAMES = 2;

/** What an utterance sounds like: one row of {@link DIMENSIONS} numbers for each {@link FRAME_MS}. */
export interface Features {
  readonly frames: number;
  /** `frames × DIMENSIONS`, row by row. */
  readonly data: Float32Array;
}

/**
 * Mel cepstra of the spoken part of a recording, made independent of microphone and loudness by subtracting
 * their mean over the utterance.
 *
 * @param pcm 16 kHz mono
 * @returns nothing when the recording is silent or shorter than a syllable
 */
export function extract(pcm: Int16Array): Features | undefined {
  const rows = spokenPart(melEnergies(pcm));
  if (rows.length < 10) return undefined;
  const cepstra = rows.map(cosineTransform);
  subtractMean(cepstra);
  const frames = Math.ceil(rows.length / 2);
  const data = new Float32Array(frames * DIMENSIONS);
  for (let frame = 0; frame < frames; frame++) {
    const at = frame * DIMENSIONS;
    data.set(cepstra[2 * frame]!, at);
    data.set(slope(cepstra, 2 * frame), at + CEPSTRA);
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
    .slice(Math.max(0, first - EDGE_FRAMES), last + EDGE_FRAMES + 1)
    .map((row) => row.map((energy, band) => Math.log(Math.max(energy - noise[band]!, 0) + floor)));
}

function backgroundSpectrum(rows: Float32Array[]): Float32Array {
  return Float32Array.from({ length: BANDS }, (_, band) => {
    const ranked = Float32Array.from(rows, (row) => row[band]!).sort();
    return ranked[Math.floor(ranked.length * NOISE_SHARE)]!;
  });
}

const cosineTable = Array.from({ length: CEPSTRA }, (_, index) =>
  Float32Array.from(
    { length: BANDS },
    (__, band) => Math.sqrt(2 / BANDS) * Math.cos((Math.PI * (index + 1) * (band + 0.5)) / BANDS),
  ),
);

function cosineTransform(row: Float32Array): Float32Array {
  return Float32Array.from(cosineTable, (cosine) =>
    cosine.reduce((sum, weight, band) => sum + weight * row[band]!, 0),
  );
}

function subtractMean(rows: Float32Array[]): void {
  for (let index = 0; index < CEPSTRA; index++) {
    const mean = rows.reduce((sum, row) => sum + row[index]!, 0) / rows.length;
    for (const row of rows) row[index]! -= mean;
  }
}

function slope(rows: Float32Array[], at: number): Float32Array {
  const out = new Float32Array(CEPSTRA);
  let norm = 0;
  for (let step = 1; step <= SLOPE_SPAN; step++) {
    const after = rows[Math.min(rows.length - 1, at + step)]!;
    const before = rows[Math.max(0, at - step)]!;
    for (let index = 0; index < CEPSTRA; index++) out[index]! += step * (after[index]! - before[index]!);
    norm += 2 * step * step;
  }
  return out.map((value) => (value * SLOPE_WEIGHT) / norm);
}
