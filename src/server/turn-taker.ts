import { Resampler } from './resample';
import type { Detection } from './setup';
import { LISTEN_RATE, Vad, VAD_FRAME } from './vad';

/** What the turn taker tells the conversation. */
export interface TurnTakerListener {
  /** The user began to speak. */
  activityStarted(): void;
  /** The user is done. @param pcm 16 kHz mono with a little silence around it */
  utterance(pcm: Int16Array): void;
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
  private frames: Int16Array[] = [];
  private marked = false;

  constructor(
    private readonly detection: Detection,
    private readonly listener: TurnTakerListener,
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
    if (this.marked) return;
    this.marked = true;
    this.frames = [];
    this.partial = new Int16Array(0);
    this.listener.activityStarted();
  }

  /** The client says that the user is done. An activity without audio only interrupts. */
  activityEnd(): void {
    if (!this.marked) return;
    this.marked = false;
    this.deliver();
  }

  /** The microphone was switched off: what was said so far is the whole turn. */
  streamEnd(): void {
    const speaking = this.vad.speaking;
    this.vad.reset();
    this.partial = new Int16Array(0);
    this.oddByte = Buffer.alloc(0);
    if (speaking) this.deliver();
  }

  private frame(frame: Int16Array): void {
    if (!this.detection.automatic) {
      if (this.marked) this.keep(frame, MAX_FRAMES);
      return;
    }
    const edge = this.vad.push(frame);
    this.keep(frame, this.vad.speaking || edge === 'end' ? MAX_FRAMES : this.leadFrames());
    if (edge === 'start') this.listener.activityStarted();
    if (edge === 'end') this.deliver();
    else if (this.frames.length >= MAX_FRAMES) this.streamEnd();
  }

  private leadFrames(): number {
    return LEAD_FRAMES + Math.ceil(this.detection.prefixPaddingMs / (1000 / FRAMES_PER_SECOND));
  }

  private keep(frame: Int16Array, most: number): void {
    this.frames.push(frame);
    if (this.frames.length > most) this.frames.splice(0, this.frames.length - most);
  }

  private deliver(): void {
    const pcm = new Int16Array(this.frames.length * VAD_FRAME);
    this.frames.forEach((frame, index) => pcm.set(frame, index * VAD_FRAME));
    this.frames = [];
    if (pcm.length > 0) this.listener.utterance(pcm);
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
