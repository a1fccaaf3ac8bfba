/** Something bad that lasts is told once, and once more when it is over; what comes and goes is one outbreak. */
export class Outbreak {
  /** It has been told, and is not over. */
  active = false;
  /** How long it has been otherwise than it was told (ms). */
  private otherMs = 0;

  /**
   * @param afterMs how long it must last before it is told (ms)
   * @param overMs how long it must be good again (ms)
   */
  constructor(
    private readonly afterMs: number,
    private readonly overMs: number,
  ) {}

  /** @param ms how long it has been so. @returns whether `active` has changed */
  judge(bad: boolean, ms: number): boolean {
    if (bad === this.active) this.otherMs = 0;
    else this.otherMs += ms;
    if (this.otherMs === 0 || this.otherMs < (bad ? this.afterMs : this.overMs)) return false;
    this.active = bad;
    this.otherMs = 0;
    return true;
  }
}
