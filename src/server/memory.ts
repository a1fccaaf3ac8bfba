import { addTokens, noTokens, textTokens, type TokenCounts } from './tokens';

/** More unanswered lines than this push out the oldest. */
const MOST_OPEN = 200;

/** All that a conversation knows; this is what lies behind a resumption handle. */
export class Memory {
  /** Facts the mind keeps. */
  readonly facts = new Map<string, string>();
  /** Tokens of everything so far: the next turn's prompt. */
  readonly context: TokenCounts = noTokens();
  /** What was written and not yet answered. */
  private open: string[] = [];

  /** Takes a line of written history; a line of the model answers all that was open. */
  add(role: 'user' | 'model', text: string): void {
    addTokens(this.context, { TEXT: textTokens(text) });
    if (role === 'model') this.open = [];
    else if (text.trim() !== '') this.open.push(text.trim());
    if (this.open.length > MOST_OPEN) this.open.shift();
  }

  /** Takes what is open, to answer it now. */
  takeOpen(): string {
    return this.open.splice(0).join(' ');
  }

  /** An independent copy. */
  copy(): Memory {
    const copy = new Memory();
    for (const [key, value] of this.facts) copy.facts.set(key, value);
    copy.open.push(...this.open);
    addTokens(copy.context, this.context);
    return copy;
  }
}
