import { isObject, type UsageMetadata } from '../protocol';
import { readOpenCall, type OpenCall } from './tools/open-call';

/** One text of a conversation. */
export interface HistoryEntry {
  role: 'user' | 'model';
  text: string;
}

/**
 * What is needed to take a conversation up again: plain JSON, without credentials. A state of an older version, or one
 * that lost fields on its way, is taken as far as it is understood.
 */
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
  history: HistoryEntry[];
  usage: UsageMetadata;
  /** Number of the last turn. */
  turn: number;
  /** What the conversation has cost (USD). */
  costUsd?: number;
  /** Function calls that wait for their answer. */
  openCalls?: OpenCall[];
  /** It sleeps since then (epoch ms): `sleep()` takes it up so that nothing connects but what wakes it. */
  asleepSince?: number;
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
    this.state = { ...fresh, ...understood(from), model: fresh.model, endpoint: fresh.endpoint };
    if (from.model === fresh.model && from.endpoint === fresh.endpoint) return;
    this.dropHandle(from.model === fresh.model ? placeChanged(fresh.endpoint) : 'the model has changed');
  }

  get handle(): string | undefined {
    return this.state.handle;
  }

  /** Gives a handle up that the service will not accept any more. */
  dropOldHandle(): void {
    const { handle, handleAt = 0 } = this.state;
    if (handle && Date.now() - handleAt >= HANDLE_LIFETIME_MS) this.dropHandle('the handle is too old');
  }

  keepHandle(handle: string): void {
    this.loss = NO_HANDLE;
    this.state.handle = handle;
    this.state.handleAt = Date.now();
  }

  /** The loss was told: from then on there is simply no handle yet. */
  lossTold(): void {
    this.loss = NO_HANDLE;
  }

  /** It is worth nothing any more. @param why told when the conversation is taken up without it */
  dropHandle(why: string): void {
    this.loss = why;
    delete this.state.handle;
    delete this.state.handleAt;
  }

  /**
   * What follows may turn out not to have been meant.
   *
   * @param afresh why a new conversation begins with it: what was said before is gone then, also behind the handle
   * @returns takes it all back
   */
  tryOut(afresh?: string): () => void {
    const { state, loss } = this;
    const { history, handle, handleAt } = state;
    if (afresh !== undefined) {
      this.dropHandle(afresh);
      state.history = [];
    }
    return () => {
      state.history = history;
      // Given up meanwhile: it would only be refused again.
      if (afresh === undefined && this.handle === undefined) return;
      this.loss = loss;
      if (handle) Object.assign(state, { handle, handleAt });
      else this.dropHandle(loss);
    };
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

/** Nobody chooses the port of the embedded local server: another one means another server. */
function placeChanged(endpoint: string): string {
  return endpoint.startsWith('local ') ? 'the local server was started anew' : 'the endpoint has changed';
}

/** The fields of a state that are what they should be, as a copy: it may come from a file or from another version. */
function understood(from: Partial<Record<keyof ConversationState, unknown>>): Partial<ConversationState> {
  const { conversation, handle, handleAt, history, usage, turn, costUsd, openCalls } = from;
  const state = {
    ...(isText(conversation) && { conversation }),
    // A handle without its time may be as old as it likes: trying it costs one attempt.
    ...(isText(handle) && { handle, handleAt: typeof handleAt === 'number' ? handleAt : Date.now() }),
    ...(Array.isArray(history) && {
      history: history
        .filter(isEntry)
        .slice(-MAX_HISTORY)
        .map(({ role, text }) => ({ role, text })),
    }),
    ...(isObject(usage) && { usage: usage as UsageMetadata }),
    ...(Number.isInteger(turn) && { turn: turn as number }),
    ...(Number.isFinite(costUsd) && { costUsd: costUsd as number }),
    ...(Array.isArray(openCalls) && { openCalls: openCalls.flatMap((call) => readOpenCall(call) ?? []) }),
  };
  // Whatever else hangs on it is no JSON and is left behind.
  return JSON.parse(JSON.stringify(state)) as Partial<ConversationState>;
}
function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isEntry(value: unknown): value is HistoryEntry {
  return isObject(value) && (value['role'] === 'user' || value['role'] === 'model') && isText(value['text']);
}
