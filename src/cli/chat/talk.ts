import type { LiveEvent, LiveSession, TurnEvent } from '../../live';
import { exitCodeOf, EXIT, Failure } from './failure';
import type { Screen } from './screen';
import type { Sound } from './sound';
import { answer, type ChatTool } from './tools';
import { turnLine } from './turn-line';

/** What a {@link Talk} needs. */
export interface TalkOptions {
  session: LiveSession;
  screen: Screen;
  sound: Sound;
  /** Undefined: calls are answered elsewhere. */
  tools: readonly ChatTool[] | undefined;
  /** Nothing is billed. */
  free: boolean;
  /** How long nothing may come while an answer is awaited, and how long a tool may take (ms). */
  timeoutMs: number;
}

/** Somebody waits for an answer. */
interface Asked {
  /** @param outcome whether it was answered, or why it cannot be */
  done(outcome: boolean | Failure): void;
  timer: NodeJS.Timeout | undefined;
  /** All has been said; only then time counts. */
  said: boolean;
  /** Turns up to this one were under way before, and are no answer. */
  after: number;
}

/** Shows a session, answers its tool calls, and knows when an answer is over. */
export class Talk {
  /** Resolves when the session has ended by itself. */
  readonly ended: Promise<void>;
  /** Why it ended, unless it was closed from here. */
  failure: Failure | undefined;
  private tellEnded: () => void = () => {};
  private asked: Asked | undefined;
  /** The turn that is under way. */
  private open: number | undefined;
  private readonly calls = new Map<string, AbortController>();
  private usd = 0;
  /** What was typed comes back as the user's text. */
  private readonly typed = new Set<string>();
  /** The answer has come in pieces: its whole text says nothing new. */
  private inPieces = false;

  constructor(private readonly options: TalkOptions) {
    this.ended = new Promise((resolve) => (this.tellEnded = resolve));
    void this.follow(options.session[Symbol.asyncIterator]());
  }

  /** An answer is awaited or under way. */
  get answering(): boolean {
    return this.asked !== undefined || this.options.session.busy;
  }

  /**
   * Says something and waits until it is answered.
   *
   * @param send says it; time begins to count when it is done
   * @param typed the text, if it is one
   * @returns false when somebody gave up waiting
   * @throws Failure (as rejection) when no answer comes; what `send` throws
   */
  ask(send: () => void | Promise<void>, typed = ''): Promise<boolean> {
    this.asked?.done(false);
    if (typed) this.typed.add(typed);
    return new Promise((resolve, reject) => {
      const asked: Asked = {
        timer: undefined,
        said: false,
        after: this.open ?? 0,
        done: (outcome) => {
          clearTimeout(asked.timer);
          if (this.asked === asked) this.asked = undefined;
          if (typeof outcome === 'boolean') resolve(outcome);
          else reject(outcome);
        },
      };
      this.asked = asked;
      if (this.failure) return asked.done(this.failure);
      (async () => send())().then(
        () => {
          asked.said = true;
          this.patience();
        },
        (error: unknown) => {
          reject(error as Error);
          asked.done(false);
        },
      );
    });
  }

  /** Nobody waits for an answer any more. */
  giveUp(): void {
    this.asked?.done(false);
    for (const call of this.calls.values()) call.abort();
  }

  private async follow(events: AsyncIterableIterator<LiveEvent>): Promise<void> {
    for await (const event of events) {
      this.options.screen.event(event);
      if (this.asked) this.patience();
      this.take(event);
    }
  }

  private take(event: LiveEvent): void {
    const { screen, sound } = this.options;
    if ('turn' in event) this.open = event.turn;
    switch (event.event) {
      case 'audio':
        return sound.add(event.handle);
      case 'text':
        return this.text(event);
      case 'tool-call':
        return void this.call(event);
      case 'tool-cancel':
        for (const id of event.ids) this.calls.get(id)?.abort();
        return screen.note('  (the model takes its call back)');
      case 'interrupted':
        screen.endLine();
        if (!event.local) return;
        // The service may go on for a while with what nobody hears.
        screen.note('  (interrupted)');
        return this.asked?.done(false);
      case 'turn':
        return this.turn(event);
      case 'state':
        return this.state(event);
      case 'restored':
        if (event.stateRestored) return screen.note('  (the conversation goes on)');
        if (event.seeded) return screen.note('  (a new session, which was told what was said before)');
        return screen.note(
          `  (the service remembers nothing of before: ${event.reason ?? 'no reason given'})`,
        );
      case 'waiting':
        // Connecting again is told by the state.
        if (event.ms !== 0 && event.for !== 'reconnect') screen.note(`  (waiting: ${event.reason})`);
        return;
      case 'warning':
        return screen.note(`  warning: ${event.message}${event.advice ? ` ${event.advice}` : ''}`);
      case 'error':
        this.failure = new Failure(exitCodeOf(event), event.message, event.advice);
        return;
      default:
    }
  }

  private text({ role, text, final, interim }: Extract<LiveEvent, { event: 'text' }>): void {
    const { screen } = this.options;
    if (interim || role === 'thought') return;
    if (role === 'user') {
      if (final && !this.typed.delete(text)) screen.note(`  (heard: ${text})`);
      return;
    }
    if (!final || !this.inPieces) screen.say(text);
    this.inPieces = !final;
  }

  private turn(turn: TurnEvent): void {
    const { screen, free } = this.options;
    screen.endLine();
    if (this.open === turn.turn) this.open = undefined;
    this.inPieces = false;
    this.usd += turn.costUsd ?? 0;
    const line = turnLine(turn, free ? undefined : this.usd);
    if (line) screen.note(line);
    // A round of tools may have a turn of its own; models that think for long say that they go on.
    const empty = turn.model === '' && turn.audioMs === 0;
    const goesOn =
      (turn.tools.length > 0 && empty && !turn.interrupted) || turn.interactionStatus === 'IN_PROGRESS';
    if ((!goesOn || turn.incomplete) && turn.turn > (this.asked?.after ?? 0)) this.asked?.done(true);
  }

  private state({ to, reason }: Extract<LiveEvent, { event: 'state' }>): void {
    if (to === 'reconnecting')
      this.options.screen.note(`  (connecting again: ${reason ?? 'the connection ended'})`);
    if (to !== 'closed' && to !== 'failed') return;
    // The error event that says why comes right after the state.
    setImmediate(() => {
      this.failure ??= new Failure(EXIT.noConnection, reason ?? 'The service ended the conversation.');
      this.asked?.done(this.failure);
      this.tellEnded();
    });
  }

  private async call(event: Extract<LiveEvent, { event: 'tool-call' }>): Promise<void> {
    const { id, name, args, refused } = event;
    const { session, screen, tools, timeoutMs } = this.options;
    screen.note(`  → ${name}(${JSON.stringify(args)})`);
    if (refused) screen.note(`  ← ${refused}`);
    if (!tools || refused) return;
    const control = new AbortController();
    this.calls.set(id, control);
    const tool = tools.find((candidate) => candidate.name === name);
    const response = await answer(tool, args, control.signal, timeoutMs);
    this.calls.delete(id);
    if (control.signal.aborted) return;
    screen.note(`  ← ${JSON.stringify(response)}`);
    try {
      session.respond({ id, name, response });
    } catch (error) {
      screen.problem(`The answer of ${name} was not sent: ${(error as Error).message}`);
    }
  }

  /** Something came: the wait begins anew. */
  private patience(): void {
    const { asked } = this;
    const { timeoutMs } = this.options;
    if (!asked?.said) return;
    clearTimeout(asked.timer);
    asked.timer = setTimeout(() => {
      const advice = 'Try again, or allow more time with --timeout.';
      asked.done(new Failure(EXIT.failed, `No answer came for ${timeoutMs / 1000} s.`, advice));
    }, timeoutMs);
  }
}
