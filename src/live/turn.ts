import {
  createMedia,
  parseMime,
  PCM_24K,
  pcmDurationMs,
  type MediaFormat,
  type MediaHandle,
  type MediaWriter,
} from '../media';
import { Sound, type Blob } from '../protocol';
import type { Grounding } from './grounding';
import { cutText, TextTrack } from './text';
import type { TurnTimings } from './timings';
import type { CodeRun, TurnCall, TurnTimes } from './turn-event';

import { Loudness } from './watchdogs/loudness';

/** How much of a turn has been heard. */
export interface Heard {
  playedMs: number;
  /** The clock was asked, because no sink tells. */
  estimated: boolean;
  text: string;
}

/** All that belongs to one turn of the conversation: what the user said, and the model's answer. */
export class Turn {
  readonly user = new TextTrack();
  readonly model = new TextTrack();
  readonly thought = new TextTrack();
  /** What the user typed, to tell its echo apart. */
  typed = '';
  /** Transcript that was taken for an echo of {@link typed} so far. */
  echo = '';
  /** What the model was asked to announce, and what it was asked with, to tell its echo apart. */
  say: string | undefined;
  /** The model was asked about pictures alone; nobody has said anything. */
  watch = false;
  /** It was kept back, and nobody hears of it. */
  swallowed = false;
  readonly tools: TurnCall[] = [];
  readonly code: CodeRun[] = [];
  readonly grounding: Grounding[] = [];
  timings: TurnTimings = {};
  readonly times: TurnTimes = {};
  readonly loudness = new Loudness();
  /** Moment of the user's last input before the model began (monotonic ms). */
  inputAt: number | undefined;
  /** The model has begun: anything of its side has arrived. */
  begun = false;
  get generationComplete(): boolean {
    return this.times.generationComplete !== undefined;
  }
  waitingForInput = false;
  interactionStatus: string | undefined;
  /** It was closed (monotonic ms). */
  closedAt = 0;
  /** Set once, when the turn was interrupted. */
  heard: Heard | undefined;
  /** Audio that came too late to be played (ms). */
  lateAudioMs = 0;
  private writer: MediaWriter | undefined;
  private firstAudioAt = 0;
  private badFormats = 0;

  constructor(
    /** Counted from 1 in a conversation. */
    readonly number: number,
    private readonly conversation: string,
  ) {}

  get handle(): MediaHandle | undefined {
    return this.writer?.handle;
  }

  /** Duration of the answer's sound so far (ms). */
  get audioMs(): number {
    return this.handle?.durationMs ?? 0;
  }

  /**
   * Takes a piece of the answer's sound. What comes after its end is counted and not played.
   *
   * @param late the piece came together with an interruption.
   * @returns what the session should tell: the first piece opens the stream, a second format cannot be in one stream.
   */
  addAudio(blob: Blob, late = false): 'opened' | 'written' | 'late' | 'bad-format' | 'ignored' {
    const format = outputFormat(blob.mimeType ?? '');
    if (!format) return this.badFormats++ === 0 ? 'bad-format' : 'ignored';
    const sound = blob instanceof Sound ? blob.bytes : Buffer.from(blob.data ?? '', 'base64');
    if (this.generationComplete || this.heard || late) {
      this.lateAudioMs += pcmDurationMs(format, sound.length);
      return 'late';
    }
    if (sound.length === 0) return 'ignored';
    const before = this.handle?.format;
    if (before && (before.mime !== format.mime || before.rate !== format.rate)) {
      return this.badFormats++ === 0 ? 'bad-format' : 'ignored';
    }
    const first = !this.writer;
    this.writer ??= createMedia({
      format,
      policy: 'retain',
      label: `model turn ${this.number}`,
      meta: { turn: this.number, conversation: this.conversation },
    });
    if (first) this.firstAudioAt = performance.now();
    this.writer.write(sound);
    this.loudness.add(sound, pcmDurationMs(format, sound.length));
    return first ? 'opened' : 'written';
  }

  /** The answer's sound is whole: readers get what is left, then end. */
  endAudio(): void {
    if (this.handle?.state === 'open') this.writer?.end();
  }

  /** Ends the answer's sound at once, also what is still to be played. */
  abortAudio(code: 'INTERRUPTED' | 'NODE_CLOSED'): void {
    const why = code === 'INTERRUPTED' ? 'was interrupted' : 'was stopped because the session closed';
    this.writer?.abort(code, `The answer of turn ${this.number} ${why}.`);
  }

  /** Whether some of the sound is still to be played. */
  get playing(): boolean {
    if (!this.handle || this.handle.state === 'aborted' || this.handle.played.over) return false;
    return this.position().ms < this.audioMs;
  }

  /** What is still to be played (ms). */
  get restMs(): number {
    return this.playing ? this.audioMs - this.position().ms : 0;
  }

  /** How far the sound was played, by a sink or else by the clock, which assumes that playing began at once. */
  playedMs(): Omit<Heard, 'text'> {
    const { ms, estimated } = this.position();
    return { playedMs: Math.round(ms), estimated };
  }

  private position(): { ms: number; estimated: boolean } {
    if (!this.handle) return { ms: 0, estimated: true };
    const { ms, estimated } = this.handle.played;
    // A position of 0 that is "estimated" means that no sink has reported.
    const position = estimated && ms === 0 ? performance.now() - this.firstAudioAt : ms;
    return { ms: Math.min(position, this.audioMs), estimated };
  }

  /** Takes code that the model runs, or the result of the last one. */
  addCode(run: CodeRun): void {
    const open = this.code.find(
      ({ id, outcome }) => outcome === undefined && (!run.id || !id || id === run.id),
    );
    if (run.code === undefined && open) Object.assign(open, run);
    else this.code.push(run);
  }

  /** What was heard up to now; text alone is read, not played. */
  heardNow(): Heard {
    const text = this.model.text.trim();
    if (!this.handle) return { playedMs: 0, estimated: true, text };
    const played = this.playedMs();
    return { ...played, text: cutText(text, this.audioMs > 0 ? played.playedMs / this.audioMs : 0) };
  }
}

const formats = new Map<string, MediaFormat | undefined>();
/** The service uses one or two formats; a server that invents more must not fill the memory. */
const MAX_FORMATS = 32;

/** The format of a MIME type, undefined when it is no audio. It is asked for with every chunk. */
function outputFormat(mimeType: string): MediaFormat | undefined {
  if (formats.has(mimeType)) return formats.get(mimeType);
  const format = readFormat(mimeType);
  if (formats.size < MAX_FORMATS) formats.set(mimeType, format);
  return format;
}

/** The service leaves the rate out on Vertex AI; its output is always 24 kHz. */
function readFormat(mimeType: string): MediaFormat | undefined {
  try {
    const format = parseMime(mimeType);
    if (!format.mime.startsWith('audio/')) return undefined;
    return format.mime === PCM_24K.mime ? { ...PCM_24K, ...format } : format;
  } catch {
    return undefined;
  }
}
