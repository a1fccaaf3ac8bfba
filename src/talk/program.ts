import type { MediaHandle } from '../media';
import { Answer, type Stage, type TalkPlayed } from './answer';
import type { TalkClient } from './client';

/** Answers whose last position may still be on its way after they were cut. */
const REMEMBERED = 4;

/** What is played on a page: one stream after the other. */
export class Program {
  readonly #queue: Answer[] = [];
  #recent: Answer[] = [];
  #current: Answer | undefined;

  constructor(
    private readonly stage: Stage,
    private readonly nextStream: () => number,
  ) {}

  /** Plays a stream after those that wait already. */
  play(handle: MediaHandle, sink: string): Promise<TalkPlayed> {
    const answer = new Answer(handle, this.nextStream(), sink, this.stage);
    this.#queue.push(answer);
    if (!this.#current) void this.#work();
    return answer.done;
  }

  /** Silence now; what waits is cut, too. */
  stop(): void {
    for (const answer of [...this.#queue]) answer.cut();
    this.#current?.cut();
  }

  /** A client comes; `have`: what it has got of a stream before it lost its connection. */
  join(client: TalkClient, have?: { stream: number; ms: number }): void {
    const current = this.#current;
    // Of anything but what plays now, nothing may be heard any more.
    if (have && have.stream !== current?.stream) client.tell({ type: 'flush', stream: have.stream });
    current?.join(client, have?.stream === current.stream ? have.ms : undefined);
  }

  /** A client went away. */
  leave(client: TalkClient): void {
    this.#current?.leave(client);
  }

  /** A client says how far it has played; false when there never was such a stream. */
  played(client: TalkClient, stream: number, ms: number): void {
    const answer = [this.#current, ...this.#recent].find((one) => one?.stream === stream);
    answer?.played(client, ms);
  }

  async #work(): Promise<void> {
    for (let answer = this.#queue.shift(); answer; answer = this.#queue.shift()) {
      this.#current = answer;
      answer.begin();
      await answer.done;
      this.#recent = [answer, ...this.#recent].slice(0, REMEMBERED);
      this.#current = undefined;
    }
  }
}
