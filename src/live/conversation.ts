import type { UsageMetadata } from '../protocol';

/** What is needed to take a conversation up again: plain JSON, without credentials. */
export interface ConversationState {
  /** Id of the conversation. */
  conversation: string;
  model: string;
  /** Backend and host; a handle is worth nothing elsewhere. */
  endpoint: string;
  /** The newest handle with which the service resumes, and when it came (epoch ms). */
  handle?: string;
  handleAt?: number;
  /** What was said, oldest first: for showing, and for telling a fresh session. */
  history: Array<{ role: 'user' | 'model'; text: string }>;
  usage: UsageMetadata;
  /** Number of the last turn. */
  turn: number;
}

/** The Gemini API keeps the state behind a handle for two hours (Live API, "session management"). */
const HANDLE_LIFETIME_MS = 2 * 60 * 60 * 1000;
const NO_HANDLE = 'there is no handle to resume with';
/** Texts kept in the history. */
const MAX_HISTORY = 200;

/** Remembers a conversation across connections. */
export class Conversation {
  readonly state: ConversationState;
  /** Why the service cannot resume, when there is no handle. */
  loss = NO_HANDLE;

  /** @param from a state of an earlier session; model and endpoint must be the same for its handle to count. */
  constructor(fresh: ConversationState, from?: ConversationState) {
    this.state = fresh;
    if (!from) return;
    this.state = {
      // A state that was kept elsewhere may lack what a later version added.
      ...fresh,
      ...structuredClone(from),
      conversation: from.conversation || fresh.conversation,
      model: fresh.model,
      endpoint: fresh.endpoint,
    };
    if (from.model === fresh.model && from.endpoint === fresh.endpoint) return;
    this.dropHandle(from.model === fresh.model ? 'the endpoint has changed' : 'the model has changed');
  }

  /** A handle that the service will still accept. */
  get handle(): string | undefined {
    const { handle, handleAt = 0 } = this.state;
    return Date.now() - handleAt < HANDLE_LIFETIME_MS ? handle : undefined;
  }

  keepHandle(handle: string): void {
    this.loss = NO_HANDLE;
    this.state.handle = handle;
    this.state.handleAt = Date.now();
  }

  /** It is worth nothing any more. @param why told when the conversation is taken up without it */
  dropHandle(why: string): void {
    this.loss = why;
    delete this.state.handle;
    delete this.state.handleAt;
  }

  /** Something was said before, so that a connection without a handle loses it. */
  get started(): boolean {
    return this.state.history.length > 0 || this.state.handle !== undefined || this.loss !== NO_HANDLE;
  }

  /** Adds a turn to the history: what the user said, and what was heard of the answer. */
  keepTurn({ user, heard }: { user: string; heard: string }): void {
    const { history } = this.state;
    if (user !== '') history.push({ role: 'user', text: user });
    if (heard !== '') history.push({ role: 'model', text: heard });
    history.splice(0, Math.max(0, history.length - MAX_HISTORY));
  }
}
