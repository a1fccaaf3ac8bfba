import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { findInPath } from '../../src/media/ffmpeg';
import { runTool, spawnTool, type ToolProcess } from '../../src/media/process';

/** Why tests with real sound devices cannot run here; undefined if they can. */
export const pulseMissing = missing();

function missing(): string | undefined {
  if (!findInPath('pulseaudio').length) return 'needs the Debian package "pulseaudio"';
  const tools = ['pactl', 'pacat', 'parec'].filter((tool) => !findInPath(tool).length);
  return tools.length ? `needs the Debian package "pulseaudio-utils" (${tools.join(', ')})` : undefined;
}

/** `describe` for suites that need a PulseAudio server; without one they are skipped and the title says what is missing. */
export function describePulse(title: string, suite: (this: Mocha.Suite) => void): void {
  if (pulseMissing) describe.skip(`${title} (${pulseMissing})`, suite);
  else describe(title, suite);
}

/** Sound that is being recorded from a source of the private server. */
export interface Recording {
  readonly rate: number;
  /** What came so far, mono PCM16. */
  samples(): Int16Array;
  /** When the first sample was recorded, judged by the block that came quickest (performance clock, ms). */
  zero(): number;
  /** Resolves when at least this much was recorded, ms. */
  until(ms: number): Promise<void>;
  stop(): Promise<Int16Array>;
}

/**
 * A PulseAudio server of its own, without hardware: the null sinks `speaker` (default) and `room`, and the virtual microphone
 * `mic` (default source), which hears what is played into `room`. Sources `speaker.monitor` and `room.monitor` come with them.
 *
 * `norewinds=1` keeps a null sink's buffer at 50 ms; without it up to two seconds lie between writing and hearing (measured).
 */
export class PulseServer {
  /** Value of `PULSE_SERVER`. */
  readonly address: string;
  private readonly folder: string;
  private readonly daemon: ToolProcess;
  private readonly before = process.env.PULSE_SERVER;

  private constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), 'pulse-'));
    this.address = `unix:${this.folder}/native`;
    const modules = [
      `module-native-protocol-unix socket=${this.folder}/native auth-anonymous=1`,
      'module-null-sink sink_name=speaker norewinds=1 rate=48000 channels=1 sink_properties=device.description=Speaker',
      'module-null-sink sink_name=room norewinds=1 rate=48000 channels=1 sink_properties=device.description=Room',
      'module-remap-source source_name=mic master=room.monitor source_properties=device.description=Microphone',
    ];
    this.daemon = spawnTool(
      'pulseaudio',
      [
        ...['-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1', '--log-target=stderr'],
        ...['--realtime=no', '--high-priority=no', '--disable-shm=yes'],
        ...modules.flatMap((module) => ['-L', module]),
      ],
      {
        env: { XDG_RUNTIME_DIR: this.folder, PULSE_RUNTIME_PATH: this.folder, PULSE_STATE_PATH: this.folder },
      },
    );
    this.daemon.stdout?.resume();
  }

  /** Starts a server and makes it the one that this process and its children use, until {@link stop}. */
  static async start(): Promise<PulseServer> {
    const server = new PulseServer();
    for (let tries = 0; (await server.pactl('info')).code !== 0; tries++) {
      if (server.daemon.exit || tries > 200) {
        const { stderr } = await server.daemon.stop();
        throw new Error(`The private PulseAudio server did not start: ${stderr}`);
      }
      await sleep(50);
    }
    await server.pactl('set-default-sink', 'speaker');
    await server.pactl('set-default-source', 'mic');
    process.env.PULSE_SERVER = server.address;
    return server;
  }

  /** Runs `pactl` against this server. */
  pactl(...args: string[]): ReturnType<typeof runTool> {
    return runTool('pactl', ['--server', this.address, ...args]);
  }

  /** Number of streams of clients that play (`sink-inputs`) or record (`source-outputs`) now; those of modules have no client. */
  async streams(kind: 'sink-inputs' | 'source-outputs'): Promise<number> {
    const { stdout } = await this.pactl('list', 'short', kind);
    return stdout.split('\n').filter((line) => line && line.split('\t')[2] !== '-').length;
  }

  /** Plays mono PCM16 into a sink and resolves when it was played. Into `room` it is heard by the microphone. */
  async playInto(sink: string, pcm: Int16Array, rate: number): Promise<void> {
    const tool = spawnTool('pacat', ['--playback', ...this.pcm(sink, rate, 200)], { stdin: true });
    tool.stdout?.resume();
    tool.stdin?.end(Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength));
    const { code, stderr } = await tool.exited;
    if (code !== 0) throw new Error(`pacat could not play into ${sink}: ${stderr}`);
  }

  /** Records a source such as `speaker.monitor`; resolves when sound has begun to arrive. */
  async record(source: string, rate = 48_000): Promise<Recording> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let zero = Infinity;
    const tool = spawnTool('parec', this.pcm(source, rate, 10));
    tool.stdout?.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      zero = Math.min(zero, performance.now() - (bytes / 2 / rate) * 1000);
    });
    const recording: Recording = {
      rate,
      zero: () => zero,
      samples: () => {
        const all = Buffer.concat(chunks);
        return new Int16Array(all.buffer.slice(all.byteOffset, all.byteOffset + (all.length & ~1)));
      },
      until: async (ms) => {
        while ((bytes / 2 / rate) * 1000 < ms) {
          if (tool.exit) throw new Error(`parec ended while recording ${source}: ${tool.stderr}`);
          await sleep(10);
        }
      },
      stop: async () => {
        await tool.stop();
        return recording.samples();
      },
    };
    await recording.until(1);
    return recording;
  }

  /** Ends the server, restores `PULSE_SERVER`, leaves no file. */
  async stop(): Promise<void> {
    await this.daemon.stop();
    if (this.before === undefined) delete process.env.PULSE_SERVER;
    else process.env.PULSE_SERVER = this.before;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private pcm(device: string, rate: number, latencyMs: number): string[] {
    return [
      ...['--server', this.address, '--device', device, '--raw', '--format=s16le', '--channels=1'],
      ...[`--rate=${rate}`, `--latency-msec=${latencyMs}`],
    ];
  }
}

/**
 * Loads the echo canceller as the documentation says, and makes its devices `echo_speaker` and `echo_mic` the defaults.
 *
 * @returns number of the module
 */
export async function cancelEcho(pulse: PulseServer): Promise<string> {
  const { code, stdout, stderr } = await pulse.pactl(
    ...['load-module', 'module-echo-cancel', 'aec_method=webrtc', 'source_master=mic', 'sink_master=speaker'],
    ...['source_name=echo_mic', 'sink_name=echo_speaker'],
    'aec_args="analog_gain_control=0 digital_gain_control=0"',
  );
  if (code !== 0) throw new Error(`The echo canceller cannot be loaded: ${stderr}`);
  await pulse.pactl('set-default-sink', 'echo_speaker');
  await pulse.pactl('set-default-source', 'echo_mic');
  return stdout.trim();
}

/** Lets the microphone hear the loudspeaker, `delayMs` later and by `db` (below 0) quieter: a loudspeaker stands beside it. */
export async function loudRoom(pulse: PulseServer, { delayMs = 40, db = -13 } = {}): Promise<void> {
  const loop = await pulse.pactl(
    ...['load-module', 'module-loopback', 'source=speaker.monitor', 'sink=room', `latency_msec=${delayMs}`],
    'sink_input_properties=media.name=echo',
  );
  if (loop.code !== 0) throw new Error(`The loudspeaker cannot be heard by the microphone: ${loop.stderr}`);
  const { stdout } = await pulse.pactl('list', 'sink-inputs');
  const [input] = stdout.split(/^(?=Sink Input #)/m).filter((block) => /media\.name = "echo"/.test(block));
  const number = /^Sink Input #(\d+)/.exec(input ?? '')?.[1] ?? '';
  const { code, stderr } = await pulse.pactl('set-sink-input-volume', number, `${db}dB`);
  if (code !== 0) throw new Error(`The echo cannot be made quieter: ${stderr}`);
}
