/**
 * Notices a poisoned handle: the service resumed with it, took new input, and says nothing more (voiceclaw #52, python-genai
 * #2290). It watches one resumed connection until the model has said anything on it.
 */
export class PoisonWatch {
  private timer: NodeJS.Timeout | undefined;
  private over = false;

  /**
   * @param ms how long the service may be silent after input that asks for an answer.
   * @param poisoned called once.
   */
  constructor(
    private readonly ms: number,
    private readonly poisoned: () => void,
  ) {}

  /** Something was sent that asks for an answer. The time runs from the first such thing: repeating it proves nothing. */
  asked(): void {
    if (this.over || this.timer) return;
    this.timer = setTimeout(() => {
      this.over = true;
      this.poisoned();
    }, this.ms);
  }

  /** The model has said something, or the connection is over. */
  stop(): void {
    this.over = true;
    clearTimeout(this.timer);
  }
}
