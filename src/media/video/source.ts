import type { Length, Rectangle } from './settings';

/** Where pictures come from. */
export type VideoSource = ScreenSource | CameraSource | AddressSource | CommandSource;

/** A screen, or a part of one. */
export interface ScreenSource {
  readonly kind: 'screen';
  /** X11 display such as `:0` (default `DISPLAY`). */
  readonly display?: string;
  /** `id` of `listScreens()`; default: all of the desktop, on macOS the first screen. */
  readonly monitor?: string;
  /** Part of the screen or monitor, pixels or percent. */
  readonly region?: Rectangle;
  /** Whether the mouse pointer is seen (default true). */
  readonly cursor?: boolean;
}

/** A camera at this machine. */
export interface CameraSource {
  readonly kind: 'camera';
  /** `id` of `listCameras()`; default: the first one. */
  readonly device?: string;
  /** What the camera is to deliver, e.g. `1280x720` (default: what it likes). */
  readonly size?: string;
}

/** A camera or server in the network: RTSP and all else that ffmpeg opens, or motion JPEG and single pictures over HTTP. */
export interface AddressSource {
  readonly kind: 'address';
  readonly url: string;
  /** Login; better here than in the address, which is shown (without it) in messages. */
  readonly user?: string;
  readonly password?: string;
}

/**
 * A program that writes pictures to its standard output: JPEG after JPEG for as long as it runs, or one picture of any kind and
 * then ends, and is started again for the next one.
 */
export interface CommandSource {
  readonly kind: 'command';
  /** Program and arguments, as in a shell but without one: quotes work, variables and pipes do not. */
  readonly command: string;
}

/** What ffmpeg needs to open a source. */
export interface Input {
  /** What messages call it. */
  readonly name: string;
  /** Input device that the build must have. */
  readonly device?: string;
  readonly args: readonly string[];
  /** Written to ffmpeg's stdin: what must not stand in its arguments, which every user of the machine can read. */
  readonly script?: string;
  /** Filters before all others. */
  readonly filters?: readonly string[];
}

/** A rectangle in whole pixels. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A region within an area, cut to what is there; percents are of the area. */
export function areaOf(region: Rectangle | undefined, whole: Area): Area {
  if (!region) return whole;
  const pixels = (length: Length, of: number): number =>
    Math.round(typeof length === 'number' ? length : (of * parseFloat(length)) / 100);
  const x = Math.min(pixels(region.x, whole.width), whole.width - 1);
  const y = Math.min(pixels(region.y, whole.height), whole.height - 1);
  return {
    x: whole.x + x,
    y: whole.y + y,
    width: Math.max(1, Math.min(pixels(region.width, whole.width), whole.width - x)),
    height: Math.max(1, Math.min(pixels(region.height, whole.height), whole.height - y)),
  };
}
