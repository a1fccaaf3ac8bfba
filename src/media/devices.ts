import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  parseAlsaCards,
  parseAvfoundation,
  parseDshow,
  parseFfmpegDevices,
  parsePactl,
  type AudioDevice,
} from './device-lists';
import { findInPath, resolveFfmpeg } from './ffmpeg';
import { runTool } from './process';

export type { AudioDevice } from './device-lists';

/** Which devices to list; see {@link listAudioDevices}. */
export interface ListOptions {
  readonly direction: 'capture' | 'playback';
  /** ffmpeg to ask where no other tool can be asked (macOS, Windows, Linux without pactl). */
  readonly ffmpegPath?: string;
  /** Default: this machine's. */
  readonly platform?: NodeJS.Platform;
}

/**
 * Lists the sound devices of this machine, the ones that "auto" would use first. Empty if there are none, or nothing here can
 * tell; never rejects, because a list is only ever a help.
 *
 * Linux: PulseAudio or PipeWire through `pactl`, else through ffmpeg; then ALSA's hardware. macOS: inputs through ffmpeg, as
 * output only the system default is known. Windows: inputs through ffmpeg.
 */
export async function listAudioDevices(options: ListOptions): Promise<AudioDevice[]> {
  switch (options.platform ?? process.platform) {
    case 'win32':
      return options.direction === 'capture' ? listWithFfmpeg(options, 'dshow', 'dummy', parseDshow) : [];
    case 'darwin':
      if (options.direction === 'capture')
        return listWithFfmpeg(options, 'avfoundation', '', parseAvfoundation);
      return [{ id: 'default', name: 'System default', backend: 'ffmpeg', default: true }];
    default:
      return [...(await listPulse(options)), ...(await listAlsa(options))];
  }
}

/** Whether a device's name is one of ALSA's, so that "auto" must not look for it in PulseAudio. */
export function isAlsaName(device: string | undefined): boolean {
  return /^(plug|sys)?(hw|default|dmix|dsnoop|front|surround\d*|iec958|hdmi):/.test(device ?? '');
}

/**
 * Which echo canceller of PulseAudio or PipeWire a device belongs to (default: the system's default device); undefined if none.
 */
export async function echoCanceller(
  direction: ListOptions['direction'],
  device?: string,
): Promise<string | undefined> {
  const devices = await listPulse({ direction });
  return devices.find((one) => (device ? one.id === device : one.default))?.canceller;
}

/** Whether a PulseAudio (or PipeWire) server answers; says so without starting anything but `pactl`. */
export async function pulseAnswers(): Promise<boolean> {
  if (findInPath('pactl').length) return (await runTool('pactl', ['info'], { timeoutMs: 3000 })).code === 0;
  const folder = process.env.PULSE_RUNTIME_PATH ?? path.join(process.env.XDG_RUNTIME_DIR ?? '/run', 'pulse');
  return process.env.PULSE_SERVER !== undefined || existsSync(path.join(folder, 'native'));
}

async function listPulse({ direction, ffmpegPath }: ListOptions): Promise<AudioDevice[]> {
  const kind = direction === 'capture' ? 'sources' : 'sinks';
  const info = await runTool('pactl', ['info'], { timeoutMs: 3000 });
  if (info.code === 0) {
    const label = direction === 'capture' ? 'Default Source' : 'Default Sink';
    const standard = new RegExp(`^${label}: (.+)$`, 'm').exec(info.stdout)?.[1];
    return parsePactl((await runTool('pactl', ['list', kind], { timeoutMs: 3000 })).stdout, standard);
  }
  if (!info.error) return []; // pactl is here and says that no server is: ffmpeg would only say the same at length.
  const need = direction === 'capture' ? { inputDevice: 'pulse' } : { outputDevice: 'pulse' };
  const ffmpeg = await resolveFfmpeg({ path: ffmpegPath, need }).catch(() => undefined);
  if (!ffmpeg) return [];
  return parseFfmpegDevices((await runTool(ffmpeg.path, ['-hide_banner', `-${kind}`, 'pulse'])).stdout);
}

async function listAlsa({ direction }: ListOptions): Promise<AudioDevice[]> {
  const { stdout } = await runTool(direction === 'capture' ? 'arecord' : 'aplay', ['-l'], {
    timeoutMs: 3000,
  });
  return parseAlsaCards(stdout);
}

/** ffmpeg prints these lists to stderr and then fails, because it was asked to open a device that does not exist. */
async function listWithFfmpeg(
  { ffmpegPath }: ListOptions,
  device: string,
  input: string,
  parse: (text: string) => AudioDevice[],
): Promise<AudioDevice[]> {
  const ffmpeg = await resolveFfmpeg({ path: ffmpegPath, need: { inputDevice: device } }).catch(
    () => undefined,
  );
  if (!ffmpeg) return [];
  const args = ['-hide_banner', '-nostdin', '-f', device, '-list_devices', 'true', '-i', input];
  return parse((await runTool(ffmpeg.path, args)).stderr);
}
