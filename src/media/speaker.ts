import { isAlsaName, listAudioDevices, pulseAnswers } from './devices';
import { DevicePosition, withoutPositions } from './device-position';
import { MediaError } from './errors';
import { findInPath, resolveFfmpeg } from './ffmpeg';
import { pcmDurationMs, type MediaFormat } from './format';
import { spawnTool, type ToolExit, type ToolProcess } from './process';

/** Ways to a loudspeaker. */
export type PlaybackBackend = 'pulse' | 'alsa' | 'ffmpeg';

/** Which loudspeaker, and how to get at it. */
export interface SpeakerOptions {
  /** `id` of `listAudioDevices({direction: 'playback'})`; default: the system's default. */
  readonly device?: string;
  /** Default `auto`: pacat if a PulseAudio (or PipeWire) server answers, else aplay, else ffmpeg. */
  readonly backend?: PlaybackBackend | 'auto';
  readonly ffmpegPath?: string;
}

/** How a loudspeaker is reached; found once, because asking takes longer than starting. */
export interface SpeakerPath {
  readonly backend: PlaybackBackend;
  readonly command: string;
  /** Silence before the first sound, whose first 40 ms ffmpeg's devices swallow (measured), ms. */
  readonly leadMs: number;
  /** Silence after the last sound, which pushes it out of buffers that play only when full, ms. */
  readonly tailMs: number;
  /** Whether only the program's end tells that all was heard, because its delay is not known. */
  readonly oneShot: boolean;
  args(format: MediaFormat): string[];
}

const PERSISTENT = { leadMs: 0, tailMs: 60, oneShot: false };
const ONE_SHOT = { leadMs: 60, tailMs: 200, oneShot: true };

/**
 * Arguments of `pacat`. Without `--latency-msec` it plays nothing as long as stdin stays open and little was sent, because its
 * prebuffer never fills (measured). `--verbose` makes it say its position 20 times a second.
 */
export function pacatArgs(device: string | undefined, { rate, channels = 1 }: MediaFormat): string[] {
  const to = device ? ['--device', device] : [];
  const format = ['--raw', '--format=s16le', `--rate=${rate}`, `--channels=${channels}`];
  return [
    '--playback',
    ...to,
    ...format,
    '--latency-msec=50',
    '--verbose',
    '--client-name=Node-RED',
    '--stream-name=Gemini Live',
  ];
}

/** Arguments of `aplay`. */
export function aplayArgs(device: string | undefined, { rate, channels = 1 }: MediaFormat): string[] {
  const to = device ? ['-D', device] : [];
  return [
    '-q',
    ...to,
    '-t',
    'raw',
    '-f',
    'S16_LE',
    '-r',
    `${rate}`,
    '-c',
    `${channels}`,
    '--buffer-time=50000',
  ];
}

/** Arguments of an ffmpeg that plays; slower to start (77 to 104 ms measured), so it is the last choice. */
export function ffmpegPlayArgs(
  output: string,
  device: string | undefined,
  { rate, channels = 1 }: MediaFormat,
): string[] {
  const input = ['-f', 's16le', '-ar', `${rate}`, '-ac', `${channels}`, '-i', 'pipe:0'];
  const before = [
    '-hide_banner',
    '-loglevel',
    'error',
    '-fflags',
    'nobuffer',
    '-probesize',
    '32',
    '-analyzeduration',
    '0',
  ];
  // The device of the pulse muxer is an option: its "file name" only names the stream.
  if (output === 'pulse') {
    const to = device ? ['-device', device] : [];
    return [...before, ...input, '-f', 'pulse', '-buffer_duration', '100', ...to, 'Gemini Live'];
  }
  return [...before, ...input, '-f', output, device ?? (output === 'alsa' ? 'default' : '-')];
}

/**
 * Finds out how to play here.
 * @throws MediaError `DEVICE_FAILED` if there is no way, `NO_FFMPEG`, `FFMPEG_CAPABILITY`
 */
export async function findSpeaker({
  device,
  backend = 'auto',
  ffmpegPath,
}: SpeakerOptions): Promise<SpeakerPath> {
  const linux = process.platform !== 'darwin' && process.platform !== 'win32';
  const has = (tool: string): boolean => findInPath(tool).length > 0;
  const pulse =
    backend === 'pulse' ||
    (backend === 'auto' && linux && !isAlsaName(device) && has('pacat') && (await pulseAnswers()));
  if (pulse) {
    if (has('pacat'))
      return {
        backend: 'pulse',
        command: 'pacat',
        ...PERSISTENT,
        args: (format) => pacatArgs(device, format),
      };
    throw new MediaError(
      'DEVICE_FAILED',
      'pacat is not installed. Install pulseaudio-utils, or choose another way to play.',
    );
  }
  if (backend === 'alsa' || (backend === 'auto' && linux && has('aplay'))) {
    if (has('aplay'))
      return {
        backend: 'alsa',
        command: 'aplay',
        ...PERSISTENT,
        args: (format) => aplayArgs(device, format),
      };
    throw new MediaError(
      'DEVICE_FAILED',
      'aplay is not installed. Install alsa-utils, or choose another way to play.',
    );
  }
  return findFfmpegSpeaker(device, ffmpegPath);
}

async function findFfmpegSpeaker(
  device: string | undefined,
  ffmpegPath: string | undefined,
): Promise<SpeakerPath> {
  const outputs =
    process.platform === 'darwin' ? ['audiotoolbox'] : process.platform === 'win32' ? [] : ['pulse', 'alsa'];
  let reason: unknown = new Error('ffmpeg cannot play sound on this system.');
  for (const output of outputs) {
    if (output === 'pulse' && !(await pulseAnswers())) continue;
    try {
      const { path } = await resolveFfmpeg({ path: ffmpegPath, need: { outputDevice: output } });
      return {
        backend: 'ffmpeg',
        command: path,
        ...ONE_SHOT,
        args: (format) => ffmpegPlayArgs(output, device, format),
      };
    } catch (error) {
      reason = error;
    }
  }
  const advice =
    process.platform === 'linux'
      ? 'Install pulseaudio-utils (for PulseAudio and PipeWire) or alsa-utils.'
      : 'Play in the browser instead, or write the sound to a file.';
  const message = `No program was found that can play sound here. ${advice} (${(reason as Error).message})`;
  throw new MediaError('DEVICE_FAILED', message, { cause: reason });
}

/** A running program that plays what is written to it, in one format. */
export class Speaker {
  readonly path: SpeakerPath;
  readonly format: MediaFormat;
  /** How far the device has come, in all that was written; only pacat says so. */
  readonly position = new DevicePosition();
  private readonly tool: ToolProcess;

  constructor(path: SpeakerPath, format: MediaFormat) {
    this.path = path;
    this.format = format;
    this.tool = spawnTool(path.command, path.args(format), {
      stdin: true,
      onStderr: (text) => this.position.hear(text),
    });
    this.tool.stdout?.resume();
  }

  get alive(): boolean {
    return this.tool.exit === undefined;
  }

  /** Resolves when it has ended, for whatever reason. */
  get ended(): Promise<ToolExit> {
    return this.tool.exited;
  }

  /** Whether so much waits to be taken that no more should be written. */
  get full(): boolean {
    return this.tool.stdin?.writableNeedDrain ?? false;
  }

  write(pcm: Buffer): void {
    if (this.path.backend === 'pulse') this.position.hand(pcmDurationMs(this.format, pcm.length));
    this.tool.stdin?.write(pcm);
  }

  /** Nothing more comes: the program ends when all was heard. */
  end(): void {
    this.tool.stdin?.end();
  }

  /** Silence now: what the program and its pipe still hold is gone. */
  kill(): Promise<ToolExit> {
    return this.tool.kill();
  }
}

/** Why a loudspeaker ended by itself, in words, with what else there is if its device does not exist. */
export async function explainSpeaker(
  exit: ToolExit,
  path: SpeakerPath,
  options: SpeakerOptions,
): Promise<MediaError> {
  const { device } = options;
  const name = device ? `The loudspeaker "${device}"` : 'The default loudspeaker';
  const said = path.backend === 'pulse' ? withoutPositions(exit.stderr) : exit.stderr;
  const what = exit.error ? String(exit.error.code) : said || `status ${exit.code ?? exit.signal}`;
  if (path.backend === 'pulse' && !(await pulseAnswers())) {
    const advice = 'Start PulseAudio or PipeWire for this user, set PULSE_SERVER, or choose ALSA.';
    return new MediaError('DEVICE_FAILED', `${name} cannot be used: no PulseAudio server answers. ${advice}`);
  }
  const there = (await listAudioDevices({ direction: 'playback', ffmpegPath: options.ffmpegPath }))
    .filter(({ backend }) => backend === path.backend)
    .map(({ id }) => id);
  if (/No such|Unknown PCM|cannot find card/i.test(exit.stderr) && (!device || !there.includes(device))) {
    const list = there.length ? `There are: ${there.join(', ')}.` : 'None was found on this machine.';
    return new MediaError(
      'DEVICE_NOT_FOUND',
      `${name} does not exist. ${list} Choose another one, or write to a file.`,
    );
  }
  return new MediaError('DEVICE_FAILED', `${name} stopped working (${path.command}): ${what}`);
}
