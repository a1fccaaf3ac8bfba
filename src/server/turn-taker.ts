import { Resampler } from './resample';
import type { Detection } from './setup';
import { LISTEN_RATE, Vad, VAD_FRAME } from './vad';

/** What the turn taker tells the conversation. */
export interface TurnTakerListener {
  /** The user began to speak. @param offsetMs where in the sound of this connection */
  activityStarted(offsetMs: number): void;
  /** The user is done. */
  utterance(utterance: Utterance): void;
}

/** What was said between two silences. */
export interface Utterance {
  /** 16 kHz mono with a little silence around it. */
  readonly pcm: Int16Array;
  /** Index of the first client message that belongs to it. */
  readonly from: number;
  /** Where in the sound of this connection it ended, in ms. */
  readonly endMs: number;
}

/** A piece of sound, and the index of the client message that brought it. */
interface Frame {
  readonly pcm: Int16Array;
  readonly from: number;
}

const FRAMES_PER_SECOND = LISTEN_RATE / VAD_FRAME;
/** Kept from before the speech was noticed, so that no first consonant is lost. */
const LEAD_FRAMES = 0.3 * FRAMES_PER_SECOND;
/** An utterance is ended, or in manual mode loses its beginning, after this long: memory is bounded. */
const MAX_FRAMES = 60 * FRAMES_PER_SECOND;

/**
 * Cuts the stream of microphone audio into utterances: by voice activity, or by the client's own markers when automatic
 * detection is disabled. Audio outside marked activity is then discarded, as the service does.
 */
export class TurnTaker {
  private readonly vad: Vad;
  private resampler = new Resampler(LISTEN_RATE, LISTEN_RATE);
  private oddByte: Buffer = Buffer.alloc(0);
  private partial = new Int16Array(0);
  private frames: Frame[] = [];
  /** Index of the message that marked the beginning of activity. */
  private marked: number | undefined;
  private heardMs = 0;

  /** @param index of the client message that is being handled */
  constructor(
    private readonly detection: Detection,
    private readonly listener: TurnTakerListener,
    private readonly index: () => number,
  ) {
    this.vad = new Vad(detection);
  }

  /** @param bytes PCM16 LE mono, cut anywhere @param rate in Hz */
  audio(bytes: Buffer, rate: number): void {
    if (rate !== this.resampler.from) this.resampler = new Resampler(rate, LISTEN_RATE);
    const samples = this.resampler.push(this.samples(bytes));
    const input = new Int16Array(this.partial.length + samples.length);
    input.set(this.partial);
    input.set(samples, this.partial.length);
    let at = 0;
    for (; at + VAD_FRAME <= input.length; at += VAD_FRAME) this.frame(input.slice(at, at + VAD_FRAME));
    this.partial = input.slice(at);
  }

  /** The client says that the user begins to speak. */
  activityStart(): void {
    if (this.marked !== undefined) return;
    this.marked = this.index();
    this.frames = [];
    this.partial = new Int16Array(0);
    this.listener.activityStarted(this.heardMs);
  }

  /** The client says that the user is done. An activity without audio only interrupts. */
  activityEnd(): void {
    if (this.marked === undefined) return;
    const from = this.marked;
    this.marked = undefined;
    this.deliver(from);
  }

  /** The microphone was switched off: what was said so far is the whole turn. */
  streamEnd(): void {
    const speaking = this.vad.speaking;
    this.vad.reset();
    this.partial = new Int16Array(0);
    this.oddByte = Buffer.alloc(0);
    if (speaking) this.deliver();
  }

  /** Index of the first message of the speech that is going on or may just be beginning. */
  get speakingSince(): number | undefined {
    if (!this.detection.automatic) return this.marked;
    return this.vad.speaking || this.vad.rising ? this.frames[0]?.from : undefined;
  }

  private frame(frame: Int16Array): void {
    this.heardMs += 1000 / FRAMES_PER_SECOND;
    if (!this.detection.automatic) {
      if (this.marked !== undefined) this.keep(frame, MAX_FRAMES);
      return;
    }
    const edge = this.vad.push(frame);
    this.keep(frame, this.vad.speaking || edge === 'end' ? MAX_FRAMES : this.leadFrames());
    if (edge === 'start') this.listener.activityStarted(this.heardMs);
    if (edge === 'end') this.deliver();
    else if (this.frames.length >= MAX_FRAMES) this.streamEnd();
  }

  private leadFrames(): number {
    return LEAD_FRAMES + Math.ceil(this.detection.prefixPaddingMs / (1000 / FRAMES_PER_SECOND));
  }

  private keep(pcm: Int16Array, most: number): void {
    this.frames.push({ pcm, from: this.index() });
    if (this.frames.length > most) this.frames.splice(0, this.frames.length - most);
  }

  private deliver(since?: number): void {
    const from = since ?? this.frames[0]?.from ?? this.index();
    const pcm = new Int16Array(this.frames.length * VAD_FRAME);
    this.frames.forEach((frame, index) => pcm.set(frame.pcm, index * VAD_FRAME));
    this.frames = [];
    if (pcm.length > 0) this.listener.utterance({ pcm, from, endMs: this.heardMs });
  }

  /** Reads little-endian samples; a byte that is cut off waits for its other half. */
  private samples(bytes: Buffer): Int16Array {
    const whole = this.oddByte.length > 0 ? Buffer.concat([this.oddByte, bytes]) : bytes;
    const count = whole.length >> 1;
    this.oddByte = Buffer.from(whole.subarray(count * 2));
    const samples = new Int16Array(count);
    for (let i = 0; i < count; i++) samples[i] = whole.readInt16LE(i * 2);
    return samples;
  }
}
