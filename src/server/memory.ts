import type { FunctionResponse } from '../protocol';
import type { BuiltInTool, CallRequest, CallResult, DeclaredFunction, SeenPicture } from './parts';
import { addTokens, noTokens, textTokens, type TokenCounts } from './tokens';

/** More unanswered lines than this push out the oldest. */
const MOST_OPEN = 200;
/** So many ids of calls that are done are remembered, to tell a second answer from one to nothing. */
const MOST_DONE = 500;

/** A tool call that waits for its answer. */
export interface OpenCall extends CallRequest {
  readonly id: string;
  /** What the user had said. */
  readonly text: string;
  readonly blocking: boolean;
  /** Ids of all calls that were made together with it, its own too, in order. */
  readonly together: readonly string[];
}

/** Answers that came while the model spoke on, and how they are to be spoken about. */
export interface LateAnswers {
  readonly results: readonly CallResult[];
  readonly scheduling: FunctionResponse['scheduling'];
}

/** All that a conversation knows; this is what lies behind a resumption handle. */
export class Memory {
  /** Facts the mind keeps. */
  readonly facts = new Map<string, string>();
  /** Tokens of everything so far: the next turn's prompt. */
  readonly context: TokenCounts = noTokens();
  /** Functions the client has declared. */
  tools: readonly DeclaredFunction[] = [];
  /** Tools of the service that the client has asked for. */
  builtIn: readonly BuiltInTool[] = [];
  /** Calls without an answer, by id. */
  readonly calls = new Map<string, OpenCall>();
  /** Answers to calls without blocking that wait for those made together with them, by id. */
  readonly early = new Map<string, LateAnswers>();
  /** How calls ended, by id. */
  readonly done = new Map<string, 'answered' | 'cancelled'>();
  /** Video was sent, which shortens the session. */
  video = false;
  /** The newest frame of video. */
  picture: SeenPicture | undefined;
  /** What was written and not yet answered. */
  private open: string[] = [];
  /** The end of an initial history, which is answered only when the client asks for nothing else. */
  private unasked: string[] = [];

  /** @param startedAt ms on the server's clock */
  constructor(readonly startedAt = 0) {}

  /** Takes a line of written history; a line of the model answers all that was open. */
  add(role: 'user' | 'model', text: string): void {
    addTokens(this.context, { TEXT: textTokens(text) });
    if (role === 'model') [this.open, this.unasked] = [[], []];
    else if (text.trim() !== '') this.open.push(text.trim());
    if (this.open.length > MOST_OPEN) this.open.shift();
  }

  /** What was written so far was an initial history: nobody waits for an answer. */
  settle(): void {
    this.unasked = this.open.splice(0);
  }

  /** Takes what is open, to answer it now. */
  takeOpen(): string {
    const unasked = this.unasked.splice(0);
    return (this.open.length > 0 ? this.open.splice(0) : unasked).join(' ');
  }

  /** A call got its answer, or is not wanted any more. */
  finish(id: string, how: 'answered' | 'cancelled'): void {
    this.calls.delete(id);
    this.done.set(id, how);
    if (this.done.size > MOST_DONE) this.done.delete(this.done.keys().next().value!);
  }

  /** An independent copy. */
  copy(): Memory {
    const copy = new Memory(this.startedAt);
    for (const [key, value] of this.facts) copy.facts.set(key, value);
    for (const [id, call] of this.calls) copy.calls.set(id, call);
    for (const [id, answers] of this.early) copy.early.set(id, answers);
    for (const [id, how] of this.done) copy.done.set(id, how);
    copy.tools = this.tools;
    copy.builtIn = this.builtIn;
    copy.video = this.video;
    copy.picture = this.picture;
    copy.open.push(...this.open);
    copy.unasked.push(...this.unasked);
    addTokens(copy.context, this.context);
    return copy;
  }
}
