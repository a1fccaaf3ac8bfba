import { encode, encodeAudio, realtimeInput, type LiveClientMessage } from '../protocol';
import { Chunker, INPUT_BYTES_PER_MS } from './chunker';

const INPUT_RATE = 16_000;

/** What the lanes need of a connection. */
export interface Uplink {
  readonly bufferedAmount: number;
  send(text: string, flushed: () => void): void;
}

/** Bounds of the lanes. */
export interface LaneOptions {
  /** Audio kept while nothing can be sent (ms); then the oldest is dropped. Default 5000. */
  maxAudioMs?: number;
  /** Control messages kept while nothing can be sent (characters of JSON). Default 4 Mi. */
  maxControlChars?: number;
  /** Bytes that may lie in the socket; beyond, the lanes wait. Default 64 KiB, about 1.5 s of audio. */
  highWaterBytes?: number;
}

/** What went through the lanes, and what did not. */
export interface LaneStats {
  sentAudioMs: number;
  sentVideoFrames: number;
  sentMessages: number;
  /** Audio given up because nothing could be sent for too long. */
  droppedAudioMs: number;
  droppedAudioChunks: number;
  /** Pictures replaced by newer ones before they could be sent. */
  droppedVideoFrames: number;
  queuedAudioMs: number;
  queuedMessages: number;
}

interface AudioItem {
  /** Audio, or undefined for a marker. */
  pcm?: Buffer;
  /** A marker's message. */
  marker?: LiveClientMessage;
  /** When it was queued (epoch ms). */
  at: number;
}

/** Markers and audio in the audio lane; a flow that sends nothing but markers must not fill the memory. */
const MAX_AUDIO_ITEMS = 5000;

/**
 * What waits to be sent, in three lanes: control messages first, then audio with its activity markers in their
 * order, then the latest picture. Nothing leaves before {@link Lanes.open}, and nothing beyond what the network
 * takes: a stalled connection costs old audio, not memory.
 */
export class Lanes {
  private readonly control: Array<{ text: string; sent?: () => void }> = [];
  private controlChars = 0;
  private readonly audioItems: AudioItem[] = [];
  private readonly chunker = new Chunker();
  private picture: { data: Buffer; mimeType: string } | undefined;
  private uplink: Uplink | undefined;
  private readonly maxAudioMs: number;
  private readonly maxControlChars: number;
  private readonly highWaterBytes: number;
  private readonly counts: LaneStats = {
    sentAudioMs: 0,
    sentVideoFrames: 0,
    sentMessages: 0,
    droppedAudioMs: 0,
    droppedAudioChunks: 0,
    droppedVideoFrames: 0,
    queuedAudioMs: 0,
    queuedMessages: 0,
  };

  constructor(
    options: LaneOptions,
    /** Called with each chunk of audio that is handed to the socket. */
    private readonly onAudioSent: (pcm: Buffer) => void,
  ) {
    this.maxAudioMs = options.maxAudioMs ?? 5000;
    this.maxControlChars = options.maxControlChars ?? 4 * 1024 * 1024;
    this.highWaterBytes = options.highWaterBytes ?? 64 * 1024;
  }

  get stats(): LaneStats {
    return { ...this.counts, queuedMessages: this.control.length };
  }

  /**
   * Queues a control message; false when too much waits already.
   *
   * @param sent called when it is handed to the socket.
   */
  sendControl(message: LiveClientMessage, sent?: () => void): boolean {
    const text = encode(message);
    if (this.controlChars + text.length > this.maxControlChars && this.control.length > 0) return false;
    this.control.push({ text, sent });
    this.controlChars += text.length;
    this.pump();
    return true;
  }

  /** Queues PCM16 mono at 16 kHz, in chunks of any size. */
  sendAudio(pcm: Buffer): void {
    for (const chunk of this.chunker.push(pcm)) this.queueAudio({ pcm: chunk, at: Date.now() });
    this.pump();
  }

  /** Queues an activity marker behind the audio that came before it. */
  sendMarker(message: LiveClientMessage): void {
    this.flushAudio();
    this.queueAudio({ marker: message, at: Date.now() });
    this.pump();
  }

  /** Sends the last few milliseconds that did not fill a chunk. */
  flushAudio(): void {
    const rest = this.chunker.flush();
    if (rest) this.queueAudio({ pcm: rest, at: Date.now() });
    this.pump();
  }

  /** Puts a picture in the place of the one that waits. */
  sendPicture(data: Buffer, mimeType: string): void {
    if (this.picture) this.counts.droppedVideoFrames++;
    this.picture = { data, mimeType };
    this.pump();
  }

  /** The setup is complete: from now on messages may leave. Audio that has waited too long is not worth sending. */
  open(uplink: Uplink): void {
    const oldest = Date.now() - this.maxAudioMs;
    while (this.audioItems[0]?.pcm && this.audioItems[0].at < oldest) this.dropOldest();
    this.uplink = uplink;
    this.pump();
  }

  /** The connection is gone; what waits goes on waiting, within the bounds. */
  shut(): void {
    this.uplink = undefined;
  }

  /** Forgets all that waits. */
  clear(): void {
    this.chunker.flush();
    while (this.audioItems.length > 0) this.dropOldest();
    this.control.length = 0;
    this.controlChars = 0;
    this.picture = undefined;
  }

  private queueAudio(item: AudioItem): void {
    this.audioItems.push(item);
    if (item.pcm) this.counts.queuedAudioMs += item.pcm.length / INPUT_BYTES_PER_MS;
    while (this.counts.queuedAudioMs > this.maxAudioMs && this.audioItems.length > 1) this.dropOldest(true);
    if (this.audioItems.length > MAX_AUDIO_ITEMS) this.dropOldest();
  }

  /** @param audioOnly markers stay: without its start or end an activity would swallow what follows. */
  private dropOldest(audioOnly = false): void {
    const index = audioOnly ? this.audioItems.findIndex(({ pcm }) => pcm) : 0;
    const item = index < 0 ? undefined : this.audioItems.splice(index, 1)[0];
    if (!item?.pcm) return;
    const ms = item.pcm.length / INPUT_BYTES_PER_MS;
    this.counts.queuedAudioMs -= ms;
    this.counts.droppedAudioMs += ms;
    this.counts.droppedAudioChunks++;
  }

  private readonly pump = (): void => {
    while (this.uplink && this.uplink.bufferedAmount < this.highWaterBytes) {
      const text = this.next();
      if (text === undefined) return;
      this.counts.sentMessages++;
      this.uplink.send(text, this.pump);
    }
  };

  private next(): string | undefined {
    const control = this.control.shift();
    if (control) {
      this.controlChars -= control.text.length;
      control.sent?.();
      return control.text;
    }
    const item = this.audioItems.shift();
    if (item?.marker) return encode(item.marker);
    if (item?.pcm) {
      const ms = item.pcm.length / INPUT_BYTES_PER_MS;
      this.counts.queuedAudioMs -= ms;
      this.counts.sentAudioMs += ms;
      this.onAudioSent(item.pcm);
      return encodeAudio(item.pcm, INPUT_RATE);
    }
    if (!this.picture) return undefined;
    const { data, mimeType } = this.picture;
    this.picture = undefined;
    this.counts.sentVideoFrames++;
    return encode(realtimeInput({ video: { mimeType, data: data.toString('base64') } }));
  }
}
