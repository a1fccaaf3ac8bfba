import type { TalkClient } from './client';
import { Floor } from './floor';
import type { FloorHolder, TalkMode } from './wire';

/** What the podium needs of the page. */
export interface PodiumOptions {
  /** See `TalkTimes.quiet`. */
  readonly quietMs: number;
  /** Monotonic time, ms. */
  readonly now: () => number;
  /** When sound of the holder was last taken. */
  readonly soundAt: () => number;
  /** All who are to know who has the floor. */
  readonly clients: () => Iterable<TalkClient>;
  /** Somebody begins or stops talking; every beginning is followed by an end before the next one. */
  readonly talk: (talk: { on: boolean; mode: TalkMode }) => void;
}

/** Who talks on a page: keeps the rule of {@link Floor}, and tells everybody. */
export class Podium {
  readonly #floor = new Floor<TalkClient>();
  #talking: { client: TalkClient; mode: TalkMode; since: number } | undefined;
  #last: TalkClient | undefined;
  #quiet: NodeJS.Timeout | undefined;

  constructor(private readonly options: PodiumOptions) {}

  get holder(): TalkClient | undefined {
    return this.#floor.holder;
  }

  /** The one who has the floor, or had it last. */
  get last(): TalkClient | undefined {
    return this.#floor.holder ?? this.#last;
  }

  /** A client would like to talk. */
  ask(client: TalkClient, mode: TalkMode): void {
    this.#floor.ask(client, mode);
    this.#changed();
  }

  /** A client stops talking, or went away. */
  leave(client: TalkClient): void {
    this.#floor.leave(client);
    this.#changed();
  }

  /** Who has the floor, for one client. */
  who(client: TalkClient): FloorHolder {
    if (!this.holder) return 'nobody';
    return this.holder === client ? 'you' : 'other';
  }

  /** Tells one client who has the floor. */
  tell(client: TalkClient): void {
    const { holder } = this;
    client.tell({
      type: 'floor',
      who: this.who(client),
      ...(holder && holder !== client && holder.name !== '' && { name: holder.name }),
      waiting: this.#floor.isWaiting(client),
    });
  }

  close(): void {
    clearInterval(this.#quiet);
  }

  #changed(): void {
    for (const client of this.options.clients()) this.tell(client);
    this.#watch();
    const client = this.#floor.holder;
    const mode = client && this.#floor.modeOf(client);
    const before = this.#talking;
    if (client === before?.client && mode === before?.mode) return;
    this.#talking = client && mode && { client, mode, since: this.options.now() };
    this.#last = client ?? this.#last;
    if (before) this.options.talk({ on: false, mode: before.mode });
    if (mode) this.options.talk({ on: true, mode });
  }

  /** Somebody waits: whoever has the floor and sends nothing (a phone in a pocket, a frozen tab) loses it. */
  #watch(): void {
    clearInterval(this.#quiet);
    this.#quiet = undefined;
    if (!this.#floor.contested) return;
    const { quietMs, now, soundAt } = this.options;
    const look = (): void => {
      const talking = this.#talking;
      if (talking && now() - Math.max(talking.since, soundAt()) >= quietMs) this.leave(talking.client);
    };
    this.#quiet = setInterval(look, quietMs / 4).unref();
  }
}
