import { redact } from '../errors';
import type { Area, Input } from './source';
import type { Length, Rectangle } from './settings';

/** Begin at once instead of looking at seconds of pictures first: 0.9 s less until the first one (measured, x11grab). */
const AT_ONCE = ['-fflags', 'nobuffer', '-probesize', '32', '-analyzeduration', '0'];

/**
 * How often a screen is captured, per second. More often than frames are wanted: ffmpeg gives the first one only after an interval
 * or two, and a screen that is captured exactly as often as it is wanted is one interval late for ever.
 */
export const captureRate = (fps: number): number => Math.max(2, 2 * fps);

/** X11. `area` is always given: builds of ffmpeg before version 5 take 640 × 480 without it (measured). */
export function x11Input(display: string, area: Area, rate: number, cursor: boolean): Input {
  const { x, y, width, height } = area;
  return {
    name: `the screen ${display}`,
    device: 'x11grab',
    args: [
      ...AT_ONCE,
      ...['-f', 'x11grab', '-framerate', String(rate), '-video_size', `${width}x${height}`],
      ...['-draw_mouse', cursor ? '1' : '0', '-i', `${display}+${x},${y}`],
    ],
  };
}

/** Windows: all of the desktop, or a part of it. Untested. */
export function gdigrabInput(area: Area | undefined, rate: number, cursor: boolean): Input {
  const region = area && [
    ...['-offset_x', String(area.x), '-offset_y', String(area.y)],
    ...['-video_size', `${area.width}x${area.height}`],
  ];
  return {
    name: 'the desktop',
    device: 'gdigrab',
    args: [
      ...['-f', 'gdigrab', '-framerate', String(rate), '-draw_mouse', cursor ? '1' : '0'],
      ...(region ?? []),
      ...['-i', 'desktop'],
    ],
  };
}

/** macOS: screens and cameras have numbers in one list. A region is cut out by a filter. Untested. */
export function avfoundationInput(
  device: string,
  { screen = false, cursor = true, size, region }: AvfoundationOptions = {},
): Input {
  return {
    name: screen ? `the screen ${device}` : `the camera ${device}`,
    device: 'avfoundation',
    args: [
      ...['-f', 'avfoundation', '-framerate', '30'],
      ...(screen ? ['-capture_cursor', cursor ? '1' : '0'] : []),
      ...(size ? ['-video_size', size] : []),
      ...['-i', `${device}:none`],
    ],
    ...(region && { filters: [crop(region)] }),
  };
}

/** See {@link avfoundationInput}. */
export interface AvfoundationOptions {
  readonly screen?: boolean;
  readonly cursor?: boolean;
  readonly size?: string;
  readonly region?: Rectangle;
}

function crop({ x, y, width, height }: Rectangle): string {
  const side = (length: Length, of: string): string =>
    typeof length === 'number' ? String(length) : `${of}*${parseFloat(length) / 100}`;
  return `crop=w=${side(width, 'iw')}:h=${side(height, 'ih')}:x=${side(x, 'iw')}:y=${side(y, 'ih')}`;
}

/** Linux cameras. Untested with a real one. */
export function v4l2Input(device: string, size: string | undefined): Input {
  return {
    name: `the camera ${device}`,
    device: 'v4l2',
    args: [
      ...['-fflags', 'nobuffer', '-f', 'v4l2'],
      ...(size ? ['-video_size', size] : []),
      ...['-i', device],
    ],
  };
}

/** Windows cameras. Untested. */
export function dshowInput(device: string, size: string | undefined): Input {
  return {
    name: `the camera ${device}`,
    device: 'dshow',
    args: ['-f', 'dshow', ...(size ? ['-video_size', size] : []), '-i', `video=${device}`],
  };
}

/** Schemes that a list on stdin may lead ffmpeg to. */
const NETWORK = 'pipe,rtsp,rtsps,rtp,srtp,rtmp,rtmps,http,https,httpproxy,srt,tcp,tls,udp,crypto';

/**
 * RTSP and whatever else ffmpeg opens in the network. The address, which may hold a password, goes to ffmpeg as a list of one
 * entry through its stdin (tried with 4.1 and 5.1); arguments can be read by every user of the machine. `?tcp` asks RTSP to come through its
 * own connection: over UDP frames arrive with holes, and firewalls stop them.
 */
export function networkInput(url: string): Input {
  const address = new URL(url);
  const shown = new URL(url);
  shown.username = shown.password = '';
  const tcp =
    /^rtsps?:$/.test(address.protocol) && !/[?&](tcp|udp|http|https|multicast)\b/.test(address.search);
  const full = `${address.href}${tcp ? `${address.search ? '&' : '?'}tcp` : ''}`;
  return {
    name: redact(shown.href),
    args: [
      ...['-fflags', 'nobuffer', '-analyzeduration', '1000000'],
      ...['-f', 'concat', '-safe', '0', '-protocol_whitelist', NETWORK, '-i', 'pipe:0'],
    ],
    // In quotes everything but a quote stands for itself.
    script: `ffconcat version 1.0\nfile '${full.replaceAll("'", '%27')}'\n`,
  };
}
