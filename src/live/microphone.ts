import {
  capturedAt,
  LevelMeter,
  MicrophoneWatch,
  type MicrophoneProblem,
  type ProblemChange,
} from '../media';
import { LiveError } from './errors';
import type { Emit } from './events';

/** How often the level of the user's sound is told. */
export interface LevelsOptions {
  /** Time between two `level` events (ms), at least 100. Default 1000. */
  everyMs?: number;
}

const SHORTEST_MS = 100;

/** Codes of the warnings, and what they say when a problem begins and when it is over. */
const PROBLEMS: Record<MicrophoneProblem, { code: string; begun: string; advice: string; over: string }> = {
  DEAD: {
    code: 'MICROPHONE_DEAD',
    begun: 'Nothing but silence comes from the microphone',
    advice:
      'Check that it is connected and not muted by a switch or in the mixer of the system, and that the right device is chosen.',
    over: 'The microphone is heard again',
  },
  CLIPPING: {
    code: 'MICROPHONE_CLIPPING',
    begun: 'The microphone is too loud: its sound is cut off at full scale, so that words are misheard',
    advice: 'Lower its volume in the mixer of the system, or speak from farther away.',
    over: 'The microphone is not too loud any more',
  },
  WRONG_RATE: {
    code: 'MICROPHONE_RATE',
    begun: 'The sound of the microphone does not come at its own pace',
    advice:
      'Check that its format is declared as it is: it must be 16 kHz, mono, 16 bit. Too little sound may also be lost on a machine or network that is too slow.',
    over: 'The sound of the microphone comes at its own pace again',
  },
};

/**
 * Listens to what the user's sound is like before anything becomes of it: tells its level, if that is asked for, and warns of a
 * microphone that is dead, too loud, or has another rate than it is said to have. What comes from a microphone is known by its
 * capture time (see `capturedAt`): other sound may be silent, and may come at any pace.
 */
export class Microphone {
  private readonly watch = new MicrophoneWatch();
  private readonly meter: LevelMeter | undefined;
  private readonly everyMs: number;
  private toldAt = -Infinity;

  /** @throws LiveError `BAD_CONFIG` */
  constructor(
    levels: LevelsOptions | false | undefined,
    private readonly emit: Emit,
  ) {
    const { everyMs = 1000 } = levels || {};
    if (typeof everyMs !== 'number' || !(everyMs >= SHORTEST_MS)) {
      throw new LiveError('BAD_CONFIG', `levels.everyMs must be at least ${SHORTEST_MS} ms`);
    }
    this.everyMs = everyMs;
    if (levels) this.meter = new LevelMeter({ everyMs });
  }

  /** PCM16 mono at 16 kHz, in pieces of any size. */
  hear(pcm: Buffer): void {
    for (const change of this.watch.push(pcm, capturedAt(pcm))) this.warn(change);
    const level = this.meter?.push(pcm);
    if (!level) return;
    // A file may come faster than it is spoken; its levels do not.
    const now = performance.now();
    if (now - this.toldAt < this.everyMs / 2) return;
    this.toldAt = now;
    const { problem } = this.watch;
    this.emit('level', { ...level, ...(problem && { problem }) });
  }

  private warn({ problem, over, ratio }: ProblemChange): void {
    const { code, begun, advice, over: good } = PROBLEMS[problem];
    const rate = ratio === undefined ? '' : `: ${ratio.toFixed(2)} times as much as it should be`;
    this.emit('warning', over ? { code, message: good, over } : { code, message: begun + rate, advice });
  }
}
