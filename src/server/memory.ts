import { randomUUID } from 'node:crypto';
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

/** A handle is valid for two hours (Gemini API). */
const VALID_MS = 2 * 60 * 60 * 1000;
/** More handles than this push out the oldest, so that hours of conversation do not fill the memory. */
const MOST_HANDLES = 1000;

/** What {@link HandleStore.take} finds. */
export interface Resumed {
  readonly memory: Memory;
  /** Whether the connection that was given this handle still is. */
  readonly owner: { readonly open: boolean };
  readonly model: string;
}

/** Resumption handles of one server and the conversations behind them. */
export class HandleStore {
  private readonly entries = new Map<string, Resumed & { readonly until: number }>();

  /** @param now current time in ms, for expiry */
  constructor(private readonly now: () => number) {}

  /** Keeps a copy of the conversation as it is now. @returns its handle */
  save(memory: Memory, owner: Resumed['owner'], model: string): string {
    const handle = randomUUID();
    this.entries.set(handle, { memory: memory.copy(), owner, model, until: this.now() + VALID_MS });
    if (this.entries.size > MOST_HANDLES) this.entries.delete(this.entries.keys().next().value!);
    return handle;
  }

  /** @returns a copy of the conversation behind a handle, or undefined when there is none (any more) */
  take(handle: string): Resumed | undefined {
    const entry = this.entries.get(handle);
    if (!entry || entry.until < this.now()) return undefined;
    return { ...entry, memory: entry.memory.copy() };
  }
}
