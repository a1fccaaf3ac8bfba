import { MediaError, redact } from '../errors';
import { watchCommand } from './command';
import { openCamera, openScreen } from './devices';
import { grab, type RunOptions } from './grab';
import { loginOf, watchHttp } from './http-camera';
import { networkInput } from './inputs';
import type { AddressSource, VideoSource } from './source';

const STREAMS = /^(rtsps?|rtmps?|srt|udp|rtp|tcp):$/;

/**
 * Opens a source and gives its frames until the signal aborts; it then resolves once nothing of it is left.
 *
 * @throws MediaError when it cannot be opened or ends on its own
 */
export async function runSource(source: VideoSource, options: RunOptions): Promise<void> {
  const { ffmpegPath, settings } = options;
  const device = { fps: settings.fps, ...(ffmpegPath && { ffmpegPath }) };
  switch (source.kind) {
    case 'screen':
      return grab(await openScreen(source, device), options);
    case 'camera':
      return grab(await openCamera(source, device), options);
    case 'command':
      return watchCommand(source, options);
    case 'address':
      return watchAddress(source, options);
  }
}

async function watchAddress(source: AddressSource, options: RunOptions): Promise<void> {
  const shown = redact(source.url);
  if (!URL.canParse(source.url)) {
    throw new MediaError(
      'BAD_INPUT',
      `"${shown}" is no address. Enter one like rtsp://camera.local/stream or http://camera.local/snapshot.jpg.`,
    );
  }
  const { protocol } = new URL(source.url);
  if (/^https?:$/.test(protocol)) return watchHttp(source, options);
  if (!STREAMS.test(protocol)) {
    throw new MediaError(
      'BAD_INPUT',
      `${shown}: "${protocol}" is no way to a camera. Use rtsp, rtmp, srt, udp, http or https.`,
    );
  }
  const { url, login } = loginOf(source);
  if (login) {
    url.username = encodeURIComponent(login.user);
    url.password = encodeURIComponent(login.password);
  }
  return grab(networkInput(url.href), options);
}

/** What messages call a source; without a login. */
export function nameOf(source: VideoSource): string {
  switch (source.kind) {
    case 'screen':
      return source.monitor ? `the monitor ${source.monitor}` : 'the screen';
    case 'camera':
      return source.device ? `the camera ${source.device}` : 'the camera';
    case 'address':
      return URL.canParse(source.url) ? redact(loginOf(source).url.href) : redact(source.url);
    case 'command':
      return `the command "${source.command.trim().split(/\s/)[0]}"`;
  }
}
