import { connect, type Socket } from 'node:net';
import { MediaError } from '../errors';
import { PCM_16K, SAMPLE_BYTES } from '../format';
import { PcmFramer } from '../framer';
import type { WakeWordEar, WakeWordHooks } from './service';
import { encodeEvent, EventReader, type WyomingEvent } from './wire';
import { chooseWords, isOneOf, knownWords } from './words';

/** Times of a connection to a Wyoming service (ms). */
export interface WyomingTimes {
  /** How long it may take to connect, to answer, or to take sound, before it counts as failed. Default 5000. */
  readonly patienceMs?: number;
  /** How often it is asked whether it is still there: an `info` must follow. Default 30000. */
  readonly probeMs?: number;
  /** Pause before the first new attempt, and the longest one. Default 500 and 30000. */
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
}

/** Where an ear listens, and for what. */
export interface WyomingPlace extends WyomingTimes {
  readonly host: string;
  readonly port: number;
  /** For people. */
  readonly name: string;
  /** Empty: whatever the service listens for. */
  readonly names: readonly string[];
}

/** 80 ms: what openWakeWord judges at once. */
const FRAME_MS = 80;
/** Frames kept while nobody listens: a word that is said while it connects is not lost. 2 s. */
const KEPT_FRAMES = 25;
/** Bytes that may lie in the socket, about 2 s: beyond, sound is left out until the service takes what there is. */
const MOST_WAITING_BYTES = 64 * 1024;
/** A word is told once, although some services tell it with every frame in which it still sounds. */
const AGAIN_MS = 500;
const FORMAT = { rate: PCM_16K.rate, width: SAMPLE_BYTES, channels: PCM_16K.channels };

/** One connection after the other to a Wyoming service. */
export class WyomingEar implements WakeWordEar {
  private readonly framer = new PcmFramer(PCM_16K, FRAME_MS);
  private readonly patienceMs: number;
  private readonly probeMs: number;
  private socket: Socket | undefined;
  /** It listens: `info` has come, and the stream of sound has begun. */
  private listening = false;
  private kept: Buffer[] = [];
  /** The service's names of what is listened for. */
  private names: readonly string[] = [];
  private sentMs = 0;
  private toldAt = -Infinity;
  private attempts = 0;
  /** An outage has been told. */
  private failed = false;
  private closed = false;
  /** Ends what the service owes: a connection, an answer, to take sound. */
  private readonly owed = new Map<'answer' | 'room', NodeJS.Timeout>();
  /** The next attempt, or the next question whether it is still there. */
  private next: NodeJS.Timeout | undefined;

  constructor(
    private readonly place: WyomingPlace,
    private readonly hooks: WakeWordHooks,
  ) {
    this.patienceMs = place.patienceMs ?? 5000;
    this.probeMs = place.probeMs ?? 30_000;
    this.connect();
  }

  push(pcm: Buffer): void {
    if (this.closed) return;
    for (const frame of this.framer.push(pcm)) {
      if (this.listening) this.send(frame);
      else if (this.kept.push(frame) > KEPT_FRAMES) this.kept.shift();
    }
  }

  close(): void {
    this.closed = true;
    this.kept = [];
    this.letGo();
  }

  private connect(): void {
    const { host, port } = this.place;
    const socket = connect({ host, port, noDelay: true, keepAlive: true });
    const reader = new EventReader();
    this.socket = socket;
    this.expect('answer', 'does not answer');
    socket.on('connect', () => this.ask());
    socket.on('data', (bytes) => this.read(socket, reader, bytes));
    socket.on('drain', () => this.came('room'));
    socket.on('error', (error) => this.lost(socket, `cannot be reached: ${error.message}`));
    socket.on('close', () => this.lost(socket, 'has closed the connection'));
  }

  /** What it is: the answer shows that it is there, and what it knows. */
  private ask(): void {
    this.expect('answer', 'does not answer');
    this.socket?.write(encodeEvent('describe'));
  }

  private read(socket: Socket, reader: EventReader, bytes: Buffer): void {
    try {
      for (const event of reader.push(bytes)) {
        // A hook may have closed the ear, or the event before has ended the connection.
        if (socket !== this.socket) return;
        this.take(socket, event);
      }
    } catch (error) {
      this.lost(socket, `does not speak Wyoming: ${(error as Error).message}`);
    }
  }

  private take(socket: Socket, event: WyomingEvent): void {
    if (event.type === 'info') {
      this.came('answer');
      this.later(this.probeMs, () => this.ask());
      if (!this.listening) this.begin(socket, event);
    } else if (event.type === 'detection' && this.listening) this.detected(event);
    else if (event.type === 'error') this.lost(socket, `has failed: ${wordsOf(event.data.text)}`);
  }

  private begin(socket: Socket, info: WyomingEvent): void {
    const known = knownWords(info);
    if (!known) return this.lost(socket, 'is a Wyoming service, but none that listens for wake words');
    const { names, unknown } = chooseWords(this.place.names, known);
    if (unknown.length > 0) {
      const there = known.map(({ name }) => name).join(', ');
      return this.lost(socket, `does not know "${unknown.join('", "')}". It knows: ${wordsOf(there)}`);
    }
    this.names = names;
    socket.write(encodeEvent('detect', names.length > 0 ? { names } : undefined));
    socket.write(encodeEvent('audio-start', { ...FORMAT, timestamp: 0 }));
    this.listening = true;
    this.sentMs = 0;
    for (const frame of this.kept.splice(0)) this.send(frame);
    if (!this.failed) return;
    this.failed = false;
    this.tell(() => this.hooks.back());
  }

  private send(frame: Buffer): void {
    const { socket } = this;
    if (!socket || socket.writableLength > MOST_WAITING_BYTES) return;
    const room = socket.write(encodeEvent('audio-chunk', { ...FORMAT, timestamp: this.sentMs }, frame));
    this.sentMs += FRAME_MS;
    if (!room && !this.owed.has('room')) this.expect('room', 'does not take the sound');
  }

  private detected({ data }: WyomingEvent): void {
    const word = typeof data.name === 'string' ? wordsOf(data.name) : this.names.join(', ');
    if (this.names.length > 0 && typeof data.name === 'string' && !isOneOf(data.name, this.names)) return;
    const now = performance.now();
    if (now - this.toldAt < AGAIN_MS) return;
    this.toldAt = now;
    this.tell(() => this.hooks.detected(word));
  }

  private expect(what: 'answer' | 'room', missing: string): void {
    const { socket } = this;
    clearTimeout(this.owed.get(what));
    const late = (): void => socket && this.lost(socket, `${missing} within ${this.patienceMs / 1000} s`);
    this.owed.set(what, setTimeout(late, this.patienceMs).unref());
  }

  private came(what: 'answer' | 'room'): void {
    clearTimeout(this.owed.get(what));
    this.owed.delete(what);
    // Only one that stays is good: else one that breaks at once would be tried without a pause.
    if (what === 'answer' && this.listening) this.attempts = 0;
  }

  private lost(socket: Socket, why: string): void {
    if (socket !== this.socket) return;
    this.letGo();
    const { firstDelayMs = 500, maxDelayMs = 30_000, name } = this.place;
    this.later(Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(this.attempts++, 20)), () => this.connect());
    if (this.failed) return;
    this.failed = true;
    const advice = 'It is tried again. Check that it runs, and its address and wake words.';
    const error = new MediaError('WAKE_WORD_FAILED', `The wake-word service "${name}" ${why}. ${advice}`);
    this.tell(() => this.hooks.failed(error));
  }

  private later(ms: number, what: () => void): void {
    clearTimeout(this.next);
    this.next = setTimeout(what, ms).unref();
  }

  private letGo(): void {
    const { socket } = this;
    this.socket = undefined;
    this.listening = false;
    this.came('answer');
    this.came('room');
    clearTimeout(this.next);
    // Its listeners stay: an error that comes late must find one.
    socket?.destroy();
  }

  private tell(hook: () => void): void {
    if (this.closed) return;
    try {
      hook();
    } catch {
      // Whoever listens has failed; the ear must not, and it has nobody else to tell.
    }
  }
}

/** Words of the service, for people: not too many. */
function wordsOf(text: unknown): string {
  return String(text ?? 'no reason given').slice(0, 200);
}
