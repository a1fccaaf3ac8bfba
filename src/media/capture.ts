import { CaptureClock } from './capture-clock';
import { echoCanceller, isAlsaName, listAudioDevices, pulseAnswers } from './devices';
import { isMediaError, MediaError } from './errors';
import { findInPath, resolveFfmpeg } from './ffmpeg';
import { pcmDurationMs, PCM_16K } from './format';
import { PcmFramer } from './framer';
import type { MediaHandle } from './handle';
import { spawnTool, type ToolExit } from './process';
import { createMedia, type MediaWriter } from './writer';

/** Ways to a microphone. */
export type CaptureBackend = 'pulse' | 'alsa' | 'avfoundation' | 'dshow';

/** Options of {@link captureMicrophone}. */
export interface CaptureOptions {
  /** Default `auto`: PulseAudio (or PipeWire) if a server answers, else ALSA; avfoundation on macOS; dshow on Windows. */
  readonly backend?: CaptureBackend | 'auto';
  /** `id` of {@link listAudioDevices}; default: the system's default microphone. */
  readonly device?: string;
  readonly ffmpegPath?: string;
  /** Ends the capture. The handle ends when the microphone was released. */
  readonly signal?: AbortSignal;
  /** How long the first sound may take, ms (default 15 000: macOS asks the person for permission meanwhile). */
  readonly startTimeoutMs?: number;
}

/** A program and its arguments. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** Options that every ffmpeg capture shares: read at once, say only errors, give 16 kHz mono PCM16. */
const FFMPEG_BEFORE = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-fflags', 'nobuffer'];
const FFMPEG_FAST = ['-probesize', '32', '-analyzeduration', '0'];
const FFMPEG_AFTER = ['-ac', '1', '-ar', '16000', '-c:a', 'pcm_s16le', '-f', 's16le', 'pipe:1'];

/**
 * Arguments of ffmpeg for a microphone. Measured on PulseAudio: with fragments of 640 bytes chunks come every 20.0 ms with
 * 10 ms of added latency, by default every 50 ms with 25 to 40 ms. avfoundation and dshow are not measured.
 */
export function ffmpegCaptureArgs(backend: CaptureBackend, device: string | undefined): string[] {
  const input: Record<CaptureBackend, string[]> = {
    pulse: ['-sample_rate', '16000', '-channels', '1', '-fragment_size', '640', '-i', device ?? 'default'],
    alsa: ['-sample_rate', '16000', '-channels', '1', '-i', device ?? 'default'],
    avfoundation: ['-i', `:${device ?? 'default'}`],
    dshow: ['-audio_buffer_size', '20', '-i', `audio=${device}`],
  };
  return [...FFMPEG_BEFORE, ...FFMPEG_FAST, '-f', backend, ...input[backend], ...FFMPEG_AFTER];
}

/** Arguments of `parec`, for machines whose only ffmpeg knows no PulseAudio. */
export function parecArgs(device: string | undefined): string[] {
  const format = ['--raw', '--format=s16le', '--rate=16000', '--channels=1', '--latency-msec=20'];
  return [...(device ? ['--device', device] : []), ...format, '--client-name=Node-RED'];
}

/** Arguments of `arecord`: periods of 20 ms instead of its 125 ms. */
export function arecordArgs(device: string | undefined): string[] {
  const format = [
    '-t',
    'raw',
    '-f',
    'S16_LE',
    '-r',
    '16000',
    '-c',
    '1',
    '--period-size=320',
    '--buffer-size=3200',
  ];
  return ['-q', ...(device ? ['-D', device] : []), ...format];
}

/**
 * Opens a microphone: live 16 kHz mono PCM16 in frames of 640 bytes (20 ms), each stamped with the time at which its last
 * sample was captured, also when it had to wait for a processor on its way (see {@link CaptureClock}).
 *
 * Returns at once. A slow consumer never holds the device back: it loses its own oldest frames. While the handle is muted the
 * device is closed, so that the system shows no recording; opening it again takes as long as the first time.
 *
 * `meta.echoCancelled` is true for the microphone of an echo canceller (of PulseAudio or PipeWire), and `meta.canceller` says of
 * which; this is looked up while it opens. If the microphone cannot be opened or breaks, the handle aborts with
 * `DEVICE_NOT_FOUND` (the message lists what there is), `SOURCE_FAILED`, `NO_FFMPEG` or `FFMPEG_CAPABILITY`; it is not restarted.
 */
export function captureMicrophone(options: CaptureOptions = {}): MediaHandle {
  const { device } = options;
  const label = device ? `microphone ${device}` : 'microphone';
  const writer = createMedia({ format: PCM_16K, policy: 'drop-oldest', label, meta: {} });
  capture(writer, options).catch((error: unknown) => {
    writer.abort(
      isMediaError(error) ? error : new MediaError('SOURCE_FAILED', `The ${label} failed: ${String(error)}`),
    );
  });
  return writer.handle;
}

async function capture(writer: MediaWriter, options: CaptureOptions): Promise<void> {
  const { signal } = options;
  const { handle } = writer;
  const backend = await chooseBackend(options);
  const program = await chooseCommand(backend, options);
  if (signal?.aborted) return writer.end();
  const told = backend === 'pulse' ? tellCanceller(handle, options.device) : undefined;
  while (!signal?.aborted) {
    if (handle.muted) await unmuted(handle, signal);
    else await record(writer, program, backend, options);
  }
  await told;
  writer.end();
}

/** Keeps the microphone open until it is muted or stopped: the system shows that nobody listens, and nobody does. */
async function record(
  writer: MediaWriter,
  { command, args }: Command,
  backend: CaptureBackend,
  options: CaptureOptions,
): Promise<void> {
  const { signal, startTimeoutMs = 15_000 } = options;
  const { handle } = writer;
  const tool = spawnTool(command, args);
  const stop = (): void => void tool.stop();
  let cut = false;
  const mute = (muted: boolean): void => {
    if (!muted) return;
    cut = true;
    stop();
  };
  signal?.addEventListener('abort', stop);
  handle.on('mute', mute);
  let heard = false;
  const timer = setTimeout(stop, startTimeoutMs);
  const framer = new PcmFramer(PCM_16K);
  const clock = new CaptureClock();
  // Read always, whatever happens to the frames: sound that piles up in the pipe would come out late for ever.
  tool.stdout?.on('data', (bytes: Buffer) => {
    clearTimeout(timer);
    heard = true;
    for (const frame of framer.push(bytes)) {
      const at = clock.next(pcmDurationMs(PCM_16K, frame.length));
      if (!cut) writer.write(frame, at);
    }
  });

  const exit = await tool.exited;
  clearTimeout(timer);
  signal?.removeEventListener('abort', stop);
  handle.off('mute', mute);
  if (!cut && !signal?.aborted) throw await explain(exit, command, backend, heard, options);
}

/** Resolves when the microphone is to be heard again, or nobody wants it any more. */
function unmuted(handle: MediaHandle, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      handle.off('mute', done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    handle.on('mute', done);
    signal?.addEventListener('abort', done);
  });
}

async function tellCanceller({ meta }: MediaHandle, device: string | undefined): Promise<void> {
  const canceller = await echoCanceller('capture', device);
  if (canceller !== undefined) Object.assign(meta, { echoCancelled: true, canceller });
}

async function chooseBackend({ backend = 'auto', device }: CaptureOptions): Promise<CaptureBackend> {
  if (backend !== 'auto') return backend;
  if (process.platform === 'darwin') return 'avfoundation';
  if (process.platform === 'win32') return 'dshow';
  return !isAlsaName(device) && (await pulseAnswers()) ? 'pulse' : 'alsa';
}

async function chooseCommand(backend: CaptureBackend, options: CaptureOptions): Promise<Command> {
  let { device } = options;
  const { ffmpegPath } = options;
  if (backend === 'alsa' && !ffmpegPath && findInPath('arecord').length) {
    return { command: 'arecord', args: arecordArgs(device) };
  }
  try {
    const { path } = await resolveFfmpeg({ path: ffmpegPath, need: { inputDevice: backend } });
    // dshow has no name for the default microphone.
    if (backend === 'dshow') device ??= (await devices(options))[0]?.id;
    if (backend === 'dshow' && !device) throw notFound(undefined, []);
    return { command: path, args: ffmpegCaptureArgs(backend, device) };
  } catch (error) {
    if (ffmpegPath) throw error;
    if (backend === 'pulse' && findInPath('parec').length)
      return { command: 'parec', args: parecArgs(device) };
    if (backend !== 'alsa') throw error;
    const advice = 'Install alsa-utils, or PulseAudio or PipeWire with pulseaudio-utils.';
    const what = `Nothing here can open a microphone through ALSA: arecord is not installed. ${advice}`;
    throw new MediaError('SOURCE_FAILED', `${what} (${(error as Error).message})`, { cause: error });
  }
}

const devices = ({ ffmpegPath }: CaptureOptions): ReturnType<typeof listAudioDevices> =>
  listAudioDevices({ direction: 'capture', ffmpegPath });

/** Turns the end of the capturing program into words. ffmpeg says "Input/output error" for everything, so we look ourselves. */
async function explain(
  exit: ToolExit,
  command: string,
  backend: CaptureBackend,
  heard: boolean,
  options: CaptureOptions,
): Promise<MediaError> {
  const { device, startTimeoutMs = 15_000 } = options;
  const name = device ? `The microphone "${device}"` : 'The default microphone';
  if (exit.stopped) {
    const seconds = startTimeoutMs / 1000;
    const advice = 'Check that it is connected, and that this program may use the microphone.';
    return new MediaError('SOURCE_FAILED', `${name} gave no sound within ${seconds} s. ${advice}`);
  }
  if (!heard) {
    if (backend === 'pulse' && !(await pulseAnswers())) {
      const advice = 'Start PulseAudio or PipeWire for this user, set PULSE_SERVER, or choose ALSA.';
      return new MediaError(
        'SOURCE_FAILED',
        `${name} cannot be opened: no PulseAudio server answers. ${advice}`,
      );
    }
    const there = (await devices(options)).filter((one) => one.backend === backend).map(({ id }) => id);
    // ALSA has many names for a device, of which only the plain ones are listed: there, its own words decide.
    const unknown = backend === 'alsa' ? /No such|Unknown PCM|cannot find card/i.test(exit.stderr) : true;
    if (unknown && (device ? !there.includes(device) : !there.length)) return notFound(device, there);
  }
  const what = exit.error ? String(exit.error.code) : exit.stderr || `status ${exit.code ?? exit.signal}`;
  const how = heard ? 'stopped working' : 'cannot be opened';
  return new MediaError('SOURCE_FAILED', `${name} ${how} (${backend}, ${command}): ${what}`);
}

function notFound(device: string | undefined, there: readonly string[]): MediaError {
  const list = there.length ? `There are: ${there.join(', ')}.` : 'No microphone was found on this machine.';
  const advice = there.length
    ? 'Choose one of these.'
    : 'Connect one, or use a file or the browser as source.';
  const what = device ? `There is no microphone "${device}".` : 'There is no microphone to use.';
  return new MediaError('DEVICE_NOT_FOUND', `${what} ${list} ${advice}`);
}
