import type { LiveServerMessage } from '../protocol';
import { timerMs } from './recovery/time';

/** Whether anybody is to hear of what the service says; undefined: not decided yet. */
export type Verdict = 'pass' | 'drop' | undefined;

/** Decides about one turn of the service that is kept back. */
export interface Judge {
  /** Sees each message that is kept back, in order. Its verdict is about all of them. */
  judge(message: LiveServerMessage): Verdict;
  /** The verdict when there is none in time, or when too much has come without one. */
  late: 'pass' | 'drop';
  /** How long it may take to decide (ms), from the begin. */
  patienceMs: number;
  /** What the user says (its transcripts) is not kept back but delivered at once, and not judged. */
  hearsUser?: boolean;
  /** Called once, before anything that was kept is delivered. */
  decided?(verdict: 'pass' | 'drop', kept: readonly LiveServerMessage[]): void;
}

/** What else is to be done for a turn that is kept back; both are called once per turn. */
export interface WithholdingHooks {
  /** What was kept is about to be delivered. @param any anything was */
  passing?(any: boolean): void;
  /** Nothing more comes of what nobody is to hear of: the turn is over, or its connection. */
  gone?(): void;
  /** Something has failed while a timer delivered or dropped what was kept: there is nobody above a timer to catch it. */
  fault?(error: unknown): void;
}

/** Messages that may wait for a verdict: about a minute of an answer, which comes faster than it is heard. */
const MAX_KEPT = 2000;

/** A service that forgets the end of a turn must not be kept silent for ever (ms). */
const REST_MS = 10_000;

/**
 * Keeps what the service says back until somebody has decided whether anybody is to hear of it: a session that was woken
 * up waits for the words that may wake it, and what the model says to pictures alone may be that there is nothing to say.
 *
 * What is no part of an answer is never kept: the end of the connection, handles, usage (money is spent either way), voice
 * activity, and the cancellation of function calls that were told. Function calls that are dropped are not answered: who
 * drops them closes the connection, or answers them in {@link Judge.decided}.
 */
export class Withholding {
  private judge: Judge | undefined;
  private kept: LiveServerMessage[] = [];
  /** Ids of the function calls among what is kept. */
  private readonly calls = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  /** The verdict was to drop the turn, and its end has not come; then that is not waited for any more. */
  private dropping: { hearsUser: boolean; timer: NodeJS.Timeout } | undefined;
  /** Raised when the connection is over: a delivery in progress then stops. */
  private epoch = 0;

  constructor(
    private readonly deliver: (message: LiveServerMessage) => void,
    private readonly hooks: WithholdingHooks = {},
    /** How long nothing may come of a turn that is dropped before what comes is taken for the next one (ms). */
    private readonly restMs = REST_MS,
  ) {}

  /** Something is kept back, waits to be, or is being dropped. */
  get active(): boolean {
    return this.judge !== undefined || this.dropping !== undefined;
  }

  /** Something is kept back. */
  get keeps(): boolean {
    return this.kept.length > 0;
  }

  /**
   * Keeps back what comes from the next message on. A judge that is there already passes what it has kept. The rest of a
   * turn that is being dropped is dropped first.
   */
  begin(judge: Judge): void {
    this.settle('pass');
    this.judge = judge;
    this.timer = this.later(() => this.settle(judge.late), judge.patienceMs);
  }

  /** Takes a message of the service. */
  take(message: LiveServerMessage): void {
    const { judge, dropping } = this;
    if (!judge && !dropping) {
      this.deliver(message);
      return;
    }
    const { now, rest } = split(message, this.calls, (dropping ?? judge)?.hearsUser === true);
    const { epoch } = this;
    if (now) this.deliver(now);
    // A listener may have closed the session.
    if (!rest || this.epoch !== epoch) return;
    if (dropping) {
      dropping.timer.refresh();
      if (rest.serverContent?.turnComplete) this.dropped();
    } else if (judge && this.judge === judge) this.keep(judge, rest);
    // The judge was told to decide meanwhile: it passed.
    else this.deliver(rest);
  }

  /**
   * Ends it from outside, because the connection is lost or the session closes: nothing more comes of the turn that is kept
   * back or being dropped.
   */
  end(verdict: 'pass' | 'drop'): void {
    this.epoch++;
    this.settle(verdict);
    if (this.dropping) this.dropped();
  }

  private keep(judge: Judge, message: LiveServerMessage): void {
    this.kept.push(message);
    for (const { id } of message.toolCall?.functionCalls ?? []) this.calls.add(id ?? '');
    const verdict = judge.judge(message) ?? (this.kept.length >= MAX_KEPT ? judge.late : undefined);
    // The judge may have ended it itself.
    if (verdict && this.judge === judge) this.settle(verdict);
  }

  private settle(verdict: 'pass' | 'drop'): void {
    const { judge, kept } = this;
    if (!judge) return;
    clearTimeout(this.timer);
    this.judge = undefined;
    this.kept = [];
    this.calls.clear();
    const over = kept.some(({ serverContent }) => serverContent?.turnComplete);
    if (verdict === 'drop') {
      const timer = this.later(() => this.dropped(), this.restMs);
      this.dropping = { hearsUser: judge.hearsUser === true, timer };
      judge.decided?.(verdict, kept);
      if (over && this.dropping) this.dropped();
      return;
    }
    const { epoch } = this;
    this.hooks.passing?.(kept.length > 0);
    judge.decided?.(verdict, kept);
    for (const message of kept) {
      // A listener may have closed the session: then the rest belongs to nothing.
      if (this.epoch !== epoch) return;
      this.deliver(message);
    }
  }

  private later(work: () => void, ms: number): NodeJS.Timeout {
    const guarded = (): void => {
      try {
        work();
      } catch (error) {
        this.hooks.fault?.(error);
      }
    };
    return setTimeout(guarded, timerMs(ms)).unref();
  }

  private dropped(): void {
    clearTimeout(this.dropping?.timer);
    this.dropping = undefined;
    this.hooks.gone?.();
  }
}

/** Fields of a message that may be part of an answer; everything else is delivered at once. */
const KEPT = ['serverContent', 'toolCall', 'toolCallCancellation'] as const;

/**
 * @param calls ids of the calls that are kept back: their cancellation is kept too.
 * @param user whether the transcripts of the user's words are delivered at once.
 * @returns what of the message is delivered at once, and what may be kept back.
 */
function split(
  message: LiveServerMessage,
  calls: ReadonlySet<string>,
  user: boolean,
): { now?: LiveServerMessage; rest?: LiveServerMessage } {
  const now: LiveServerMessage = { ...message };
  const rest: LiveServerMessage = {};
  for (const name of KEPT) delete now[name];
  const { serverContent, toolCall, toolCallCancellation } = message;
  if (toolCall) rest.toolCall = toolCall;
  if (toolCallCancellation) {
    const { ids = [], ...others } = toolCallCancellation;
    const kept = ids.filter((id) => calls.has(id));
    const told = ids.filter((id) => !calls.has(id));
    if (kept.length > 0) rest.toolCallCancellation = { ...others, ids: kept };
    if (told.length > 0) now.toolCallCancellation = { ...others, ids: told };
  }
  if (serverContent) {
    const { inputTranscription, interimInputTranscription, ...answer } = serverContent;
    const heard = {
      ...(inputTranscription && { inputTranscription }),
      ...(interimInputTranscription && { interimInputTranscription }),
    };
    const apart = user && !isEmpty(heard);
    if (apart) now.serverContent = heard;
    const left = apart ? answer : serverContent;
    if (!apart || !isEmpty(left)) rest.serverContent = left;
  }
  return { ...(!isEmpty(now) && { now }), ...(!isEmpty(rest) && { rest }) };
}

function isEmpty(value: object): boolean {
  for (const _name in value) return false;
  return true;
}
