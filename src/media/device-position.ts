import { performance } from 'node:perf_hooks';

/** The device says its position so often (ms); between two words it is believed to play on. */
const SAYS_EVERY_MS = 50;
/** A device that runs dry holds back so much, until more comes (ms; PulseAudio: 10 measured). */
const HELD_MS = 40;
/** A device that has something to play and says nothing new for so long is not believed any more (ms). */
const SILENT_MS = 3000;
/** What `pacat --verbose` says: the position of the sample that leaves the device now. It stands still while nothing comes. */
const POSITION = /Time: (-?[\d.]+) sec; Latency: -?\d+ usec\.\s*/g;

/**
 * How far a device has played what it was handed, as it says itself. A program that has to wait for a processor plays later
 * than any clock lets expect, and what it was late once it stays late until all is played.
 */
export class DevicePosition {
  private handed = 0;
  private said = { ms: 0, at: -Infinity };
  /** When it last went on, or began to have something to play. */
  private movedAt = -Infinity;

  /** @param now a clock (ms) */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** How much it was handed (ms). */
  get handedMs(): number {
    return this.handed;
  }

  /** It was handed more (ms). */
  hand(ms: number): void {
    if (this.leftUntil(this.handed) === 0) this.movedAt = this.now();
    this.handed += ms;
  }

  /** Takes what the program says on stderr. */
  hear(text: string): void {
    const last = [...text.matchAll(POSITION)].at(-1);
    if (!last) return;
    const ms = Number(last[1]) * 1000;
    if (ms > this.said.ms) this.movedAt = this.now();
    this.said = { ms, at: this.now() };
  }

  /** How long it still plays until this position (ms); 0 when it has, or is not to be believed. */
  leftUntil(positionMs: number): number {
    const now = this.now();
    if (now - this.movedAt > SILENT_MS) return 0;
    const dry = this.handed - this.said.ms <= HELD_MS;
    if (dry) return 0;
    return Math.max(0, positionMs - this.said.ms - Math.min(SAYS_EVERY_MS, now - this.said.at));
  }
}

/** The last words of a program but for its positions: why it failed. */
export function withoutPositions(stderr: string): string {
  return stderr.replace(POSITION, '').trim().split('\n').pop()!;
}
