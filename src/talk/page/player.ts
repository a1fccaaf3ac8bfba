import { audioContext, locked, touched, unlock } from './sound';
import type { PlaybackOrder, PlaybackReport } from './worklets/playback';

/** What the player tells. */
export interface PlayerHooks {
  /** So much of a stream was heard (ms). */
  played(stream: number, ms: number): void;
  /** An answer plays, or all is silent again. */
  playing(playing: boolean): void;
  /** How loud the answer is, 0…1, root mean square. */
  level(level: number): void;
  /** The browser keeps the page silent until it is touched (true), or no longer. */
  silenced(silenced: boolean): void;
}

/** How often a position is told (ms). */
const TELL_MS = 100;

/** Plays the answers. What it tells as played was heard: the latency of the output is taken off. */
export class Player {
  readonly #hooks: PlayerHooks;
  #context: AudioContext | undefined;
  #node: AudioWorkletNode | undefined;
  #starting: Promise<void> | undefined;
  /** Orders that came before the worklet was there. */
  #early: PlaybackOrder[] = [];
  /** What plays and waits, and how much of each has come (ms from its start). */
  readonly #streams = new Map<number, { rate: number; ms: number }>();
  #toldAt = 0;
  #sink = '';

  constructor(hooks: PlayerHooks) {
    this.#hooks = hooks;
  }

  get playing(): boolean {
    return this.#streams.size > 0;
  }

  /** The newest of what plays and waits, and how much of it has come (ms from its start). */
  get newest(): { stream: number; ms: number } | undefined {
    const last = [...this.#streams].pop();
    return last && { stream: last[0], ms: last[1].ms };
  }

  /** @param at where in the stream the sound begins that comes now (ms) */
  begin(stream: number, rate: number, at: number): void {
    const known = this.#streams.get(stream);
    if (known && Math.abs(known.ms - at) < 1) return; // the rest of what was cut off
    if (known) this.flush(stream); // the hub began anew, and so did its numbers
    // While the page may not sound only the newest answer waits: nobody wants to hear all of them later.
    if (!this.#node && !touched()) this.#forget();
    this.#streams.set(stream, { rate, ms: at });
    this.#order({ do: 'begin', stream, rate, at });
    this.#hooks.playing(true);
    if (touched()) void this.start();
    else this.#hooks.silenced(true);
  }

  push(stream: number, payload: Uint8Array): void {
    const known = this.#streams.get(stream);
    if (!known) return; // flushed meanwhile
    const bytes = payload.slice(0, payload.length & ~1); // from where it lies, samples would not be aligned
    const pcm = new Int16Array(bytes.buffer);
    known.ms += (1000 * pcm.length) / known.rate;
    this.#order({ do: 'push', stream, pcm });
  }

  end(stream: number): void {
    this.#order({ do: 'end', stream });
  }

  flush(stream: number): void {
    if (this.#streams.has(stream)) this.#order({ do: 'flush', stream });
    if (!this.#node) this.#over(stream); // it was never heard
  }

  /** All that plays and waits is gone at once. */
  flushAll(): void {
    for (const stream of [...this.#streams.keys()]) this.flush(stream);
  }

  /** To be called by a touch or key as well: answers that wait for one begin then. */
  async start(): Promise<void> {
    if (this.#early.length === 0) return;
    this.#starting ??= this.#start().finally(() => (this.#starting = undefined));
    await this.#starting;
  }

  async #start(): Promise<void> {
    if (!this.#node) {
      this.#context = await audioContext();
      unlock();
      this.#node = new AudioWorkletNode(this.#context, 'playback', {
        numberOfInputs: 0,
        outputChannelCount: [2],
      });
      this.#node.port.onmessage = ({ data }: MessageEvent<PlaybackReport>) => this.#take(data);
      this.#node.connect(this.#context.destination);
      this.#context.addEventListener('statechange', () => this.#hooks.silenced(locked()));
      await this.output(this.#sink);
    }
    for (const order of this.#early.splice(0)) this.#post(order);
    this.#hooks.silenced(locked());
  }

  /** Where it sounds: the id of a speaker, '' for the system's choice. Not every browser offers that. */
  async output(sink: string): Promise<void> {
    this.#sink = sink;
    const context = this.#context as (AudioContext & { setSinkId?(id: string): Promise<void> }) | undefined;
    await context?.setSinkId?.(sink).catch(() => undefined); // it is gone: the system's choice stays
  }

  #order(order: PlaybackOrder): void {
    if (this.#node && this.#early.length === 0) this.#post(order);
    else this.#early.push(order);
  }

  #post(order: PlaybackOrder): void {
    this.#node!.port.postMessage(order, order.do === 'push' ? [order.pcm.buffer] : []);
  }

  #forget(): void {
    this.#early = [];
    for (const stream of [...this.#streams.keys()]) this.#over(stream);
  }

  #over(stream: number): void {
    if (this.#streams.delete(stream) && this.#streams.size === 0) {
      this.#early = this.#node ? this.#early : [];
      this.#hooks.playing(false);
      this.#hooks.level(0);
    }
  }

  #take({ progress, level }: PlaybackReport): void {
    if (!progress) return;
    const { stream, ms, over } = progress;
    const latency = this.#latencyMs();
    if (over === 'end') {
      // The last of it is on its way to the ear still.
      setTimeout(() => {
        this.#hooks.played(stream, Math.round(ms));
        this.#over(stream);
      }, latency);
      return;
    }
    const heard = Math.max(0, Math.round(ms - latency));
    if (over === 'flush') {
      this.#hooks.played(stream, heard);
      this.#over(stream);
      return;
    }
    this.#hooks.level(level);
    const now = performance.now();
    if (now - this.#toldAt < TELL_MS) return;
    this.#toldAt = now;
    this.#hooks.played(stream, heard);
  }

  #latencyMs(): number {
    const { outputLatency = 0, baseLatency = 0 } = this.#context ?? {};
    return 1000 * (outputLatency || baseLatency);
  }
}
