import { MediaError } from '../errors';

/** A length in pixels of the picture before it is made smaller, or a part of it, like `'25%'`. */
export type Length = number | `${number}%`;

/** A rectangle of the picture, from its upper left corner. */
export interface Rectangle {
  readonly x: Length;
  readonly y: Length;
  readonly width: Length;
  readonly height: Length;
}

/** How the frames are to be. */
export interface PictureSettings {
  /** Frames per second, at most (default 1). */
  readonly fps?: number;
  /** Longest side, pixels (default 768; the model reads small text at 1536). Smaller pictures stay as they are. */
  readonly longestSide?: number;
  /** Quality of the JPEG, 1 to 100 (default 85). */
  readonly quality?: number;
  /** What is blacked out before anything else happens to the picture. */
  readonly masks?: readonly Rectangle[];
  /** See {@link DuplicateOptions.threshold}; default 3. `false`: equal frames are sent, too. */
  readonly duplicates?: number | false;
  /** How often a picture that stands still is sent all the same, ms (default 30 000). 0: never. */
  readonly heartbeatMs?: number;
}

/** {@link PictureSettings} without gaps. */
export interface Settings {
  readonly fps: number;
  readonly longestSide: number;
  readonly quality: number;
  readonly masks: readonly Rectangle[];
  readonly threshold: number | undefined;
  readonly heartbeatMs: number;
}

/** Bounds of the numbers; the dialog and messages are checked against the same. */
export const BOUNDS = {
  fps: { min: 0.01, max: 30, default: 1 },
  longestSide: { min: 64, max: 4096, default: 768 },
  quality: { min: 1, max: 100, default: 85 },
  threshold: { min: 0, max: 255, default: 3 },
  heartbeatMs: { min: 0, max: 24 * 3_600_000, default: 30_000 },
} as const;

/** Fills the gaps. @throws MediaError `BAD_INPUT` for a number out of bounds */
export function completeSettings(given: PictureSettings): Settings {
  const { duplicates, masks = [] } = given;
  return {
    fps: within('fps', given.fps),
    longestSide: Math.round(within('longestSide', given.longestSide)),
    quality: within('quality', given.quality),
    masks,
    threshold: duplicates === false ? undefined : within('threshold', duplicates),
    heartbeatMs: within('heartbeatMs', given.heartbeatMs),
  };
}

function within(name: keyof typeof BOUNDS, value: number | undefined): number {
  const { min, max, default: standard } = BOUNDS[name];
  if (value === undefined) return standard;
  if (value >= min && value <= max) return value;
  throw new MediaError(
    'BAD_INPUT',
    `"${name}" of a video must be from ${min} to ${max}, not ${String(value)}.`,
  );
}

/**
 * Reads rectangles as people write them, one per line or separated by semicolons: `x, y, width, height` in pixels or percent, e.g.
 * `0, 0, 400, 60; 75%, 0, 25%, 100%`.
 *
 * @throws MediaError `BAD_INPUT` naming the rectangle that is none
 */
export function parseRectangles(text: string): Rectangle[] {
  return text
    .split(/[;\n]/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => {
      const lengths = one.split(/[\s,]+/).map(parseLength);
      const [x, y, width, height] = lengths;
      if (lengths.length === 4 && !lengths.includes(undefined) && nonZero(width) && nonZero(height)) {
        return { x: x!, y: y!, width: width!, height: height! };
      }
      throw new MediaError(
        'BAD_INPUT',
        `"${one.slice(0, 60)}" is no rectangle. Write x, y, width, height in pixels or percent, e.g. "0, 0, 400, 60" or "75%, 0, 25%, 100%".`,
      );
    });
}

function parseLength(text: string): Length | undefined {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%|px)?$/.exec(text) ?? [];
  if (number === undefined || (percent === '%' && Number(number) > 100)) return undefined;
  return percent === '%' ? `${Number(number)}%` : Math.round(Number(number));
}

const nonZero = (length: Length | undefined): boolean =>
  length !== undefined && parseFloat(String(length)) > 0;
