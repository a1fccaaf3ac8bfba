import { EnergyDetector, type VoiceDetector } from '../../media';
import type { VoiceOptions } from './options';

const PATIENCE_MS = 5000;

/**
 * A detector that always answers: one that cannot be opened, throws, or takes too long is replaced by energy from the piece
 * of sound on at which it failed.
 */
export class SureDetector implements VoiceDetector {
  private current: VoiceDetector | undefined;
  private opening: Promise<VoiceDetector> | undefined;
  /** Opened here, so to be closed here. */
  private own: VoiceDetector | undefined;
  private pending: Promise<unknown> = Promise.resolve();
  private closed = false;
  private readonly patienceMs: number;

  /** @param failed told once, in words */
  constructor(
    private readonly options: VoiceOptions,
    private readonly failed: (why: string) => void,
  ) {
    this.patienceMs = options.patienceMs ?? PATIENCE_MS;
    const { detector } = options;
    if (typeof detector !== 'function') {
      this.current = detector ?? new EnergyDetector();
      this.current.reset();
    }
  }

  get name(): VoiceDetector['name'] {
    return this.current?.name ?? 'energy';
  }

  /** Begins to open what takes time; the sound waits for it. */
  open(): void {
    const { detector } = this.options;
    if (this.current || this.opening || typeof detector !== 'function') return;
    const given = (async () => detector())();
    // It may come when nobody waits for it any more.
    given.then(
      (one) => this.opened(one),
      () => {},
    );
    this.opening = this.patient(given, 'did not open').then(
      (one) => (this.current ??= one),
      (error) => this.replace(error),
    );
  }

  push(pcm: Buffer): number | Promise<number> {
    this.open();
    const answer = this.current ? this.ask(this.current, pcm) : this.later(pcm);
    if (typeof answer !== 'number') this.pending = answer;
    return answer;
  }

  reset(): void {
    this.current?.reset();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.pending;
    await this.own?.close?.();
  }

  private async later(pcm: Buffer): Promise<number> {
    return this.ask(await this.opening!, pcm);
  }

  private ask(detector: VoiceDetector, pcm: Buffer): number | Promise<number> {
    try {
      const likely = detector.push(pcm);
      if (typeof likely === 'number') return sane(likely);
      return this.patient(likely, 'gave no verdict')
        .then(sane)
        .catch((error) => this.replace(error).push(pcm));
    } catch (error) {
      return this.replace(error).push(pcm);
    }
  }

  private opened(detector: VoiceDetector): void {
    this.own = detector;
    if (this.closed) void detector.close?.().catch(() => {});
  }

  private replace(error: unknown): EnergyDetector {
    const energy = new EnergyDetector();
    this.current = energy;
    if (!this.closed) this.failed(error instanceof Error ? error.message : String(error));
    return energy;
  }

  private async patient<T>(work: Promise<T>, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new Error(`It ${what} within ${this.patienceMs} ms`);
      timer = setTimeout(() => reject(error), this.patienceMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function sane(likely: number): number {
  if (Number.isNaN(likely)) throw new Error('Its verdict is no number');
  return likely;
}
