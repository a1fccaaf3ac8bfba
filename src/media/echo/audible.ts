import type { MediaHandle } from '../handle';
import type { PlayedOptions } from '../playhead';
import { AnswerLevels } from './answer-levels';

/** Where the sound of a sink goes, as it told itself. */
export type Room = NonNullable<PlayedOptions['room']>;

/** An answer as one sink plays it. */
export interface Sounding {
  readonly answer: MediaHandle;
  readonly sink: string;
  /** Until when it was heard (ms of the clock); undefined: it still is. */
  until: number | undefined;
  /** What was played of it (ms), at `at` (ms of the clock). */
  ms: number;
  at: number;
  /** The sink plays no more of it. */
  over: boolean;
  room: Room;
  /** Which echo canceller the sound goes through. */
  canceller: string | undefined;
  /** How loud the answer is where; only if it was asked for. */
  readonly levels: AnswerLevels | undefined;
}

/** What was heard is remembered for so long: the microphone's sound may come late (ms). */
const REMEMBERED_MS = 5000;

/**
 * Which answers are heard now, and were heard a moment ago, by what their sinks report. A sink that reports seldom is believed to play on, at most until
 * all that was written has been heard; positions that are a guess by the clock say nothing of a loudspeaker and do not count.
 */
export class Audible {
  private soundings: Sounding[] = [];

  /**
   * @param tailMs how long an answer is heard after its last sound
   * @param withLevels also measure how loud the answers are
   * @param now a clock (ms)
   */
  constructor(
    private readonly tailMs: number,
    private readonly withLevels: boolean,
    private readonly now: () => number,
  ) {}

  /** Follows the playing of an answer. The listeners go when the stream does. */
  watch(answer: MediaHandle): void {
    answer.on('sink', (ms, options) => this.take(answer, ms, options));
    answer.on('abort', () => {
      for (const sounding of this.heard()) {
        if (sounding.answer === answer && !sounding.over) {
          Object.assign(sounding, { over: true, at: this.now() });
        }
      }
    });
  }

  /** What is heard now, or was since some time ago. */
  heard(since = this.now()): Sounding[] {
    const now = this.now();
    for (const sounding of this.soundings) {
      const end = this.end(sounding);
      // Settled: what is written later begins anew when it is played.
      if (end <= now) sounding.until ??= end;
    }
    this.soundings = this.soundings.filter(({ until }) => until === undefined || now - until < REMEMBERED_MS);
    return this.soundings.filter(({ until }) => until === undefined || since < until);
  }

  private end({ answer, ms, at, over }: Sounding): number {
    const rest = over ? 0 : Math.max(0, answer.durationMs - ms);
    return at + rest + this.tailMs;
  }

  private take(answer: MediaHandle, ms: number, options: PlayedOptions): void {
    const { sink = '', over = false, room = 'plain', canceller } = options;
    const sounding = this.heard().find((one) => one.answer === answer && one.sink === sink);
    // What a sink holds after an abort it takes back; a late report of it does not bring the answer to life.
    const ended = over || answer.state === 'aborted';
    if (sounding?.over && ended) return;
    const said = { ms, at: this.now(), over: ended, room, canceller };
    if (sounding) {
      Object.assign(sounding, said);
      return;
    }
    const levels = this.withLevels ? new AnswerLevels(answer) : undefined;
    this.soundings.push({ answer, sink, until: undefined, levels, ...said });
  }
}
