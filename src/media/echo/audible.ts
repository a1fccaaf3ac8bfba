import type { MediaHandle } from '../handle';
import type { PlayedOptions } from '../playhead';
import { AnswerLevels } from './answer-levels';

/** Where the sound of a sink goes, as it told itself. */
export type Room = NonNullable<PlayedOptions['room']>;

/** An answer as one sink plays it. */
export interface Sounding {
  readonly answer: MediaHandle;
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

/**
 * Which answers are heard now, by what their sinks report. A sink that reports seldom is believed to play on, at most until
 * all that was written has been heard; positions that are a guess by the clock say nothing of a loudspeaker and do not count.
 */
export class Audible {
  private readonly soundings = new Map<MediaHandle, Map<string, Sounding>>();

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
      for (const sounding of this.soundings.get(answer)?.values() ?? []) {
        if (!sounding.over) Object.assign(sounding, { over: true, at: this.now() });
      }
    });
  }

  /** What is heard now. */
  heard(): Sounding[] {
    const heard: Sounding[] = [];
    for (const [answer, sinks] of this.soundings) {
      for (const [sink, sounding] of sinks) {
        if (this.now() < this.end(sounding)) heard.push(sounding);
        else sinks.delete(sink);
      }
      // A sink that plays on, after a pause for example, makes a new entry.
      if (sinks.size === 0) this.soundings.delete(answer);
    }
    return heard;
  }

  private end({ answer, ms, at, over }: Sounding): number {
    const rest = over ? 0 : Math.max(0, answer.durationMs - ms);
    return at + rest + this.tailMs;
  }

  private take(answer: MediaHandle, ms: number, options: PlayedOptions): void {
    const { sink = '', over = false, room = 'plain', canceller } = options;
    const sinks = this.soundings.get(answer) ?? new Map<string, Sounding>();
    const sounding = sinks.get(sink);
    // What a sink holds after an abort it takes back; a late report of it does not bring the answer to life.
    const ended = over || answer.state === 'aborted';
    if (sounding?.over && ended) return;
    const said = { ms, at: this.now(), over: ended, room, canceller };
    if (sounding) {
      Object.assign(sounding, said);
      return;
    }
    this.heard(); // forgets the answers of before: nobody else may be asking
    const levels = this.withLevels ? new AnswerLevels(answer) : undefined;
    sinks.set(sink, { answer, levels, ...said });
    this.soundings.set(answer, sinks);
  }
}
