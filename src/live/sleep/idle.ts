import { timerMs } from '../recovery/time';

/** Notices that nothing has happened for a time. It looks only while there is a connection; time counts without one, too. */
export class Idle {
  private since = performance.now();
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param afterMs Infinity: never
   * @param busy something goes on that makes no noise
   * @param idle called once per {@link start} @param ms how long nothing has happened
   */
  constructor(
    private readonly afterMs: number,
    private readonly busy: () => boolean,
    private readonly idle: (ms: number) => void,
  ) {}

  /** Something has happened. Called many times a second, so that it only notes the time. */
  touch(): void {
    this.since = performance.now();
  }

  /** Looks from now on. */
  start(): void {
    this.stop();
    if (this.afterMs === Infinity) return;
    const rest = Math.max(0, this.since + this.afterMs - performance.now());
    this.timer = setTimeout(() => this.look(), timerMs(Math.ceil(rest)));
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private look(): void {
    if (this.busy()) this.touch();
    const ms = performance.now() - this.since;
    if (ms < this.afterMs) return this.start();
    this.timer = undefined;
    this.idle(Math.round(ms));
  }
}
