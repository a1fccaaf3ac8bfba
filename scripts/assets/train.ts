import { average } from '../../src/server/ears/average';
import { align } from '../../src/server/ears/dtw';
import {
  CEPSTRA,
  cepstra,
  CONTEXT,
  DIMENSIONS,
  project,
  ROWS_PER_FRAME,
  stack,
  STACKED,
  type Features,
  type Projection,
} from '../../src/server/ears/features';
import { Slices } from '../../src/server/slices';
import type { Templates } from '../../src/server/ears/templates';
import { discriminants, Scatter } from './linear';
import { withNoise } from './noise';

/** One text as several voices say it: 16 kHz mono, the same order of voices for every text. */
export interface SpokenText {
  readonly text: string;
  readonly recordings: readonly Int16Array[];
}

/** The first round aligns by plain cepstra, the second by what the first has learnt. */
const ROUNDS = 2;
/** Places where fewer voices meet teach nothing about how voices differ. */
const MIN_VOICES = 3;

type Rows = readonly Float32Array[];

/** Learns to describe sound by what is said and not by who says it, then averages the voices of each text. */
export async function train(spoken: readonly SpokenText[]): Promise<Templates> {
  const texts: Rows[][] = [];
  for (const { recordings } of spoken) texts.push(await clearAndNoisy(recordings));
  let projection = plainCepstra();
  for (let round = 0; round < ROUNDS; round++) projection = learn(texts, projection, round);
  const averages = new Map<string, Features>();
  for (const [index, { text }] of spoken.entries()) {
    const clear = texts[index]!.filter((_, which) => which % 2 === 0);
    averages.set(text, average(clear.map((rows) => project(rows, projection))));
  }
  return { projection, wordings: averages };
}

/** Each recording as it is, then with noise, so that noise too counts as something that does not matter. */
async function clearAndNoisy(recordings: readonly Int16Array[]): Promise<Rows[]> {
  const all: Rows[] = [];
  for (const [voice, pcm] of recordings.entries()) {
    const noisy = withNoise(pcm, voice % 2 ? 'white' : 'pink', voice % 3 ? 20 : 14, 11 + voice);
    for (const sound of [pcm, noisy]) {
      const rows = await cepstra(sound, new Slices());
      if (!rows) throw new Error('A training recording is silent');
      all.push(rows);
    }
  }
  return all;
}

/** A projection that keeps the middle row's cepstra without loudness: enough to lay voices over each other. */
function plainCepstra(): Projection {
  const projection = new Float32Array(DIMENSIONS * STACKED);
  const middle = (CONTEXT.length - 1) / 2;
  for (let index = 1; index < CEPSTRA; index++) projection[index * STACKED + middle * CEPSTRA + index] = 1;
  return projection;
}

function learn(texts: readonly Rows[][], projection: Projection, round: number): Projection {
  const within = new Scatter(STACKED);
  const overall = new Scatter(STACKED);
  for (const versions of texts) {
    const features = versions.map((rows) => project(rows, projection));
    for (const reference of [0, versions.length - 2 - 2 * round]) {
      for (const place of gather(versions, features, reference)) {
        if (place.length < MIN_VOICES) continue;
        const mean = new Float32Array(STACKED);
        for (const moment of place) moment.forEach((value, index) => (mean[index]! += value / place.length));
        for (const moment of place) {
          overall.add(moment);
          within.add(moment.map((value, index) => value - mean[index]!));
        }
      }
    }
  }
  const rows = discriminants(within.mean(), overall.mean(), DIMENSIONS);
  return Float32Array.from(rows.flatMap((row) => [...row]));
}

/** For each frame of the reference, what every version sounds like at that place. */
function gather(
  versions: readonly Rows[],
  features: readonly Features[],
  reference: number,
): Float32Array[][] {
  const places = Array.from({ length: features[reference]!.frames }, () => [] as Float32Array[]);
  for (const [version, rows] of versions.entries()) {
    for (const [i, j] of align(features[reference]!, features[version]!)) {
      places[i]!.push(stack(rows, j * ROWS_PER_FRAME));
    }
  }
  return places;
}
