import { encode, encodeAudio, realtimeInput, type LiveClientMessage, type SentFrame } from '../protocol';
import { Chunker, INPUT_BYTES_PER_MS } from './chunker';
import { withoutStale, type AudioItem } from './stale';

const INPUT_RATE = 16_000;

/** What the lanes need of a connection. */
export interface Uplink {
  readonly bufferedAmount: number;
  /** @param flushed called when the network has taken the message; asked for only where somebody waits for that */
  send(frame: SentFrame, flushed?: () => void): void;
}

/** Bounds of the lanes. */
export interface LaneOptions {
  /** Audio kept while nothing can be sent (ms); then the oldest is dropped. Default 5000. */
  maxAudioMs?: number;
  /** Control messages kept while nothing can be sent (characters of JSON). Default 4 Mi. */
  maxControlChars?: number;
  /** Bytes that may lie in the socket; beyond, the lanes wait. Default 64 KiB, about 1.5 s of audio. */
  highWaterBytes?: number;
  /**
   * Pictures sent per second; between them only the latest is kept. Default: what the model looks at, which is also the
   * most. 0: none. One that waits for its time is sent at once before a question.
   */
  maxFramesPerSecond?: number;
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
  /** Every byte of audio that was handed in is in one of the others: `given = sent + dropped + queued`. */
  audioBytes: { given: number; sent: number; dropped: number; queued: number };
  /** Bytes that the socket holds and the network has not taken. */
  bufferedBytes: number;
}

/** A control message that waits. */
interface ControlItem {
  message: LiveClientMessage;
  text: string;
  /** Asked right before it is handed to the socket: what is still to be sent, undefined for nothing, the message for all. */
  due?: () => LiveClientMessage | undefined;
  /** Called when it is handed to the socket. */
  sent?: () => void;
  /** The model is to answer it: the picture that waits goes before it. */
  question?: boolean;
}

/** A picture that waits. */
interface Picture {
  data: Buffer;
  mimeType: string;
  /** It shows something new, or it has replaced one that did. */
  news: boolean;
}

/** Most bytes that a character of a message and the header of its frame may take. */
const MAX_UTF8_BYTES = 3;
const MAX_HEADER_BYTES = 14;
/** How often a socket that begins full is looked at (ms). */
const ROOM_MS = 50;
/** Markers and audio in the audio lane; a flow that sends nothing but markers must not fill the memory. */
const MAX_AUDIO_ITEMS = 5000;

/**
 * What waits to be sent, in three lanes: control messages first, then audio with its activity markers in their
 * order, then the latest picture, which goes first before a question. Nothing leaves before {@link Lanes.open}, and nothing beyond what the network
 * takes: a stalled connection costs old audio, not memory.
 */
export class Lanes {
  private readonly control: ControlItem[] = [];
  private controlChars = 0;
  private audioItems: AudioItem[] = [];
  private readonly chunker = new Chunker();
  private picture: Picture | undefined;
  /** When the next picture may leave (monotonic ms), and what waits for that. */
  private pictureDue = 0;
  private pictureTimer: NodeJS.Timeout | undefined;
  private uplink: Uplink | undefined;
  private roomTimer: NodeJS.Timeout | undefined;
  private held = false;
  private readonly maxAudioBytes: number;
  private readonly maxControlChars: number;
  private readonly highWaterBytes: number;
  private readonly framesPerSecond: number;
  private readonly bytes = { given: 0, sent: 0, dropped: 0 };
  private queuedBytes = 0;
  private readonly counts = {
    sentVideoFrames: 0,
    sentMessages: 0,
    droppedAudioChunks: 0,
    droppedVideoFrames: 0,
  };

  constructor(
    options: LaneOptions,
    /** Called with each chunk of audio that is handed to the socket. */
    private readonly onAudioSent: (pcm: Buffer) => void,
    /** Called for each picture that is handed to the socket. */
    private readonly onPictureSent: (news: boolean) => void = () => {},
  ) {
    this.maxAudioBytes = (options.maxAudioMs ?? 5000) * INPUT_BYTES_PER_MS;
    this.maxControlChars = options.maxControlChars ?? 4 * 1024 * 1024;
    this.highWaterBytes = options.highWaterBytes ?? 64 * 1024;
    this.framesPerSecond = options.maxFramesPerSecond ?? Infinity;
  }

  get stats(): LaneStats {
    const { given, sent, dropped } = this.bytes;
    return {
      ...this.counts,
      sentAudioMs: sent / INPUT_BYTES_PER_MS,
      droppedAudioMs: dropped / INPUT_BYTES_PER_MS,
      queuedAudioMs: this.queuedBytes / INPUT_BYTES_PER_MS,
      queuedMessages: this.control.length,
      audioBytes: { given, sent, dropped, queued: this.queuedBytes + this.chunker.waiting },
      bufferedBytes: this.uplink?.bufferedAmount ?? 0,
    };
  }

  /** Queues a control message; false when too much waits already. */
  sendControl(
    message: LiveClientMessage,
    watch: Pick<ControlItem, 'due' | 'sent' | 'question'> = {},
  ): boolean {
    const text = encode(message);
    if (this.controlChars + text.length > this.maxControlChars && this.control.length > 0) return false;
    this.control.push({ message, text, ...watch });
    this.controlChars += text.length;
    this.pump();
    return true;
  }

  /** Queues PCM16 mono at 16 kHz, in chunks of any size. */
  sendAudio(pcm: Buffer): void {
    this.bytes.given += pcm.length;
    const { uplink } = this;
    // Fifty pieces a second take this way: the network is awake, nothing waits, and the piece is whole.
    if (uplink && this.audioItems.length === 0 && !this.held && this.chunker.fits(pcm)) {
      if (this.control.length === 0 && uplink.bufferedAmount < this.highWaterBytes) {
        this.post(uplink, this.audioFrame(pcm));
        return;
      }
    }
    for (const chunk of this.chunker.push(pcm)) this.queueAudio({ pcm: chunk, at: Date.now() });
    this.pump();
  }

  /** Gives audio up that must not be sent now; it is counted. */
  refuseAudio(pcm: Buffer): void {
    this.bytes.given += pcm.length;
    this.bytes.dropped += pcm.length;
    this.counts.droppedAudioChunks++;
  }

  /** Queues an activity marker behind the audio that came before it. */
  sendMarker(message: LiveClientMessage): void {
    this.flushAudio();
    this.queueAudio({ marker: message, at: Date.now() });
    this.pump();
  }

  /** Sends the last few milliseconds that did not fill a chunk. */
  flushAudio(): void {
    const { waiting } = this.chunker;
    const rest = this.chunker.flush();
    // Half a sample at the very end is no sound.
    this.bytes.dropped += waiting - (rest?.length ?? 0);
    if (rest) this.queueAudio({ pcm: rest, at: Date.now() });
    this.pump();
  }

  /** Puts a picture in the place of the one that waits. @param news it shows something new */
  sendPicture(data: Buffer, mimeType: string, news = true): void {
    if (this.picture || this.framesPerSecond <= 0) this.counts.droppedVideoFrames++;
    if (this.framesPerSecond <= 0) return;
    this.picture = { data, mimeType, news: news || this.picture?.news === true };
    this.pump();
  }

  /** The user begins to speak: the picture that waits for its time need not wait any longer. */
  freshen(): void {
    this.pictureDue = 0;
    // Not from within: this may be called while something is being handed to the socket.
    if (this.pictureTimer) this.pumpLater(0);
  }

  /** Audio and its markers wait although the network would take them; the bounds hold all the same. */
  hold(held: boolean): void {
    this.held = held;
    if (!held) this.pump();
  }

  /** The setup is complete: from now on messages may leave. Audio that has waited too long is not worth sending. */
  open(uplink: Uplink): void {
    const oldest = Date.now() - this.maxAudioBytes / INPUT_BYTES_PER_MS;
    this.audioItems = withoutStale(this.audioItems, oldest, (pcm) => this.dropped(pcm));
    this.uplink = uplink;
    this.begin(uplink);
  }

  /** What was said again went past the lanes. It may fill the socket, and nobody tells here when there is room again. */
  private begin(uplink: Uplink): void {
    if (this.uplink !== uplink) return;
    this.pump();
    if (uplink.bufferedAmount < this.highWaterBytes) return;
    // The socket keeps the process alive, not the looking.
    this.roomTimer = setTimeout(() => this.begin(uplink), ROOM_MS).unref();
  }

  /** The connection is gone; what waits goes on waiting, within the bounds. */
  shut(): void {
    this.uplink = undefined;
    clearTimeout(this.roomTimer);
    clearTimeout(this.pictureTimer);
    this.pictureTimer = undefined;
  }

  /** Forgets all that waits. */
  clear(): void {
    this.bytes.dropped += this.chunker.waiting;
    this.chunker.flush();
    while (this.audioItems.length > 0) this.dropOldest();
    this.control.length = 0;
    this.controlChars = 0;
    if (this.picture) this.counts.droppedVideoFrames++;
    this.picture = undefined;
    clearTimeout(this.pictureTimer);
    this.pictureTimer = undefined;
  }

  private queueAudio(item: AudioItem): void {
    this.audioItems.push(item);
    if (item.pcm) this.queuedBytes += item.pcm.length;
    while (this.queuedBytes > this.maxAudioBytes && this.audioItems.length > 1) this.dropOldest(true);
    if (this.audioItems.length > MAX_AUDIO_ITEMS) this.dropOldest();
  }

  /** @param audioOnly markers stay: without its start or end an activity would swallow what follows. */
  private dropOldest(audioOnly = false): void {
    const index = audioOnly ? this.audioItems.findIndex(({ pcm }) => pcm) : 0;
    const item = index < 0 ? undefined : this.audioItems.splice(index, 1)[0];
    if (item?.pcm) this.dropped(item.pcm);
  }

  private dropped(pcm: Buffer): void {
    this.queuedBytes -= pcm.length;
    this.bytes.dropped += pcm.length;
    this.counts.droppedAudioChunks++;
  }

  private readonly pump = (): void => {
    for (let { uplink } = this; uplink && uplink.bufferedAmount < this.highWaterBytes; uplink = this.uplink) {
      const frame = this.next();
      if (frame === undefined) return;
      // Whoever was told of it may have closed the session: then the connection takes it and sends nothing.
      this.post(uplink, frame);
    }
  };

  private post(uplink: Uplink, frame: SentFrame): void {
    this.counts.sentMessages++;
    // Only a message that may fill the socket has to tell when there is room again: telling costs a little each time.
    const most = frame.length * MAX_UTF8_BYTES + MAX_HEADER_BYTES;
    const fills = uplink.bufferedAmount + most >= this.highWaterBytes;
    uplink.send(frame, fills ? this.pump : undefined);
  }

  private audioFrame(pcm: Buffer): Buffer {
    this.bytes.sent += pcm.length;
    this.onAudioSent(pcm);
    return encodeAudio(pcm, INPUT_RATE);
  }

  private next(): SentFrame | undefined {
    if (this.asksNext) return this.takePicture();
    for (let item = this.control.shift(); item; item = this.control.shift()) {
      this.controlChars -= item.text.length;
      const due = item.due ? item.due() : item.message;
      if (!due) continue;
      item.sent?.();
      return due === item.message ? item.text : encode(due);
    }
    return (this.held ? undefined : this.nextAudio()) ?? this.nextPicture();
  }

  private nextAudio(): SentFrame | undefined {
    const item = this.audioItems.shift();
    if (item?.marker) return encode(item.marker);
    if (!item?.pcm) return undefined;
    this.queuedBytes -= item.pcm.length;
    return this.audioFrame(item.pcm);
  }

  /** A picture waits, and what is to be sent next is a question: it is about what can be seen now. */
  private get asksNext(): boolean {
    if (!this.picture) return false;
    const [message] = this.control;
    if (message) return message.question === true;
    return !this.held && this.audioItems[0]?.marker?.realtimeInput?.activityStart !== undefined;
  }

  private nextPicture(): string | undefined {
    if (!this.picture || this.pictureTimer) return undefined;
    const wait = this.pictureDue - performance.now();
    if (wait > 0) {
      this.pumpLater(wait);
      return undefined;
    }
    return this.takePicture();
  }

  private pumpLater(ms: number): void {
    clearTimeout(this.pictureTimer);
    this.pictureTimer = setTimeout(() => {
      this.pictureTimer = undefined;
      this.pump();
    }, ms);
  }

  private takePicture(): string | undefined {
    const { picture } = this;
    if (!picture) return undefined;
    this.picture = undefined;
    clearTimeout(this.pictureTimer);
    this.pictureTimer = undefined;
    this.pictureDue = performance.now() + 1000 / this.framesPerSecond;
    this.counts.sentVideoFrames++;
    this.onPictureSent(picture.news);
    const { data, mimeType } = picture;
    return encode(realtimeInput({ video: { mimeType, data: data.toString('base64') } }));
  }
}
