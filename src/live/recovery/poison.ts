import { timerMs } from './time';

/**
 * Notices a poisoned handle: the service resumed with it, took new input, and says nothing more (voiceclaw #52, python-genai
 * #2290). It watches one resumed connection until the model has said anything on it.
 */
export class PoisonWatch {
  private timer: NodeJS.Timeout | undefined;
  private over = false;
  /** Something was heard that may have been asking. */
  private heard = false;

  /**
   * @param ms how long the service may be silent after input that asks for an answer.
   * @param poisoned called once.
   */
  constructor(
    private readonly ms: number,
    private readonly poisoned: () => void,
  ) {}

  /**
   * Something was sent that asks for an answer. The time runs from the first such thing: repeating it proves nothing.
   *
   * @param sure false: sound that may have been speech. A noise is not answered by any service, so one is not enough, and
   * patience is double.
   */
  asked(sure = true): void {
    if (this.over || this.timer) return;
    const enough = sure || this.heard;
    this.heard = true;
    if (!enough) return;
    this.timer = setTimeout(
      () => {
        this.over = true;
        this.poisoned();
      },
      timerMs(sure ? this.ms : 2 * this.ms),
    );
  }

  /** The model has said something, or the connection is over. */
  stop(): void {
    this.over = true;
    clearTimeout(this.timer);
  }
}
