import { JitterBuffer, type Progress } from './jitter';

/** How often position and level are told (ms). */
const TELL_MS = 50;

/** What the page says to the playback. */
export type PlaybackOrder =
  | { do: 'begin'; stream: number; rate: number; at: number }
  | { do: 'push'; stream: number; pcm: Int16Array }
  | { do: 'end' | 'flush'; stream: number };

/** What it hears back: how far a stream is, and how loud it is just now (0…1, root mean square). */
export interface PlaybackReport {
  progress?: Progress;
  level: number;
}

/** The loudspeaker: plays answers one after the other and tells what was really played. */
class Playback extends AudioWorkletProcessor {
  readonly #buffer = new JitterBuffer(sampleRate, (progress) => this.#tell({ progress, level: 0 }));
  #sum = 0;
  #count = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<PlaybackOrder>) => {
      if (data.do === 'begin') this.#buffer.begin(data.stream, data.rate, data.at);
      else if (data.do === 'push') this.#buffer.push(data.stream, data.pcm);
      else this.#buffer[data.do](data.stream);
    };
  }

  process(_inputs: Float32Array[][], [output]: Float32Array[][]): boolean {
    const [first, ...others] = output!;
    this.#buffer.pull(first!);
    for (const channel of others) channel.set(first!);
    for (const sample of first!) this.#sum += sample * sample;
    this.#count += first!.length;
    if (this.#count >= (sampleRate * TELL_MS) / 1000) this.#tellWhatPlays();
    return true;
  }

  #tellWhatPlays(): void {
    const { progress } = this.#buffer;
    if (progress) this.#tell({ progress, level: Math.sqrt(this.#sum / this.#count) });
    this.#sum = 0;
    this.#count = 0;
  }

  #tell(report: PlaybackReport): void {
    this.port.postMessage(report);
  }
}

registerProcessor('playback', Playback);
