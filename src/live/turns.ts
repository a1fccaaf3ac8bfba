import type { LiveServerMessage, UsageMetadata } from '../protocol';
import { Answer, isAnswerOnly } from './answer';
import { readGrounding } from './grounding';
import { takesLate } from './late';
import { Playback } from './playback';
import { Question } from './question';
import { hasKeys } from './text';
import { detailsOf, tells } from './transcripts';
import { Turn } from './turn';
import { TurnReport } from './turn-report';
import type { TurnsContext } from './turns-context';
import { UsageMeter } from './usage';

/**
 * Sorts what the server says into turns. A turn begins with the first thing of either side after the last one was
 * closed, and ends with `turnComplete`. After an interruption the interrupted turn waits for its own `turnComplete`,
 * while everything else belongs to the next turn.
 */
export class Turns {
  private current: Turn | undefined;
  /** Interrupted, and its `turnComplete` is still to come; null when that turn was closed before. */
  private awaiting: Turn | null | undefined;
  private last: Turn | undefined;
  /** Kept back; it is the current one, or the awaited one once the user has begun to speak. */
  private hidden: Turn | undefined;
  private count: number;
  /** What the user wrote, or had announced, while the model was still speaking. */
  private ahead: Array<{ text: string; say: boolean }> = [];
  /** The service's last word on the interaction as a whole. */
  private interaction = '';
  private readonly meter: UsageMeter;
  private readonly report: TurnReport;
  private readonly question: Question;
  private readonly answer: Answer;
  private readonly playback = new Playback((turn) => this.drained(turn));
  /** Raised by everything that ends turns from outside: a message in progress then stops. */
  private epoch = 0;

  constructor(private readonly context: TurnsContext) {
    const { emit, costs, tools, watchdogs } = context;
    this.count = context.lastTurn ?? 0;
    this.meter = new UsageMeter(context.usage);
    this.report = new TurnReport(emit, this.meter, costs, () => context.queue());
    const late = (): Turn | undefined => this.lateFor('user');
    this.question = new Question({ report: this.report, open: () => this.open(), late });
    this.answer = new Answer({ emit, report: this.report, tools, watchdogs, begin: () => this.begin() });
  }

  get lastTurn(): number {
    return this.count;
  }

  /** Another conversation begins; turns are counted on. */
  renew(): void {
    this.meter.renew();
  }

  get usage(): UsageMetadata {
    return this.meter.total;
  }

  /** The model has begun a turn and not ended it. */
  get answering(): boolean {
    return Boolean(this.current?.begun);
  }

  /** The model is answering, its answer is still being played, or it goes on in the background. */
  get busy(): boolean {
    return this.answering || this.interaction === 'IN_PROGRESS' || this.playing;
  }

  /** Sound of an answer is still to be heard. */
  get playing(): boolean {
    return Boolean((this.current?.handle ? this.current : this.last)?.playing);
  }

  /** The model is {@link busy}, or the user has said something that it has not answered yet. */
  get occupied(): boolean {
    return this.current !== undefined || this.ahead.length > 0 || this.busy;
  }

  /** Takes one message of the server: every field of it, `interrupted` first, `turnComplete` last. */
  take(message: LiveServerMessage): void {
    // Nearly all messages are a piece of sound and nothing else.
    if (isAnswerOnly(message)) {
      this.parts(message);
      return;
    }
    const { epoch } = this;
    for (const step of STEPS) {
      step(this, message);
      // A listener may have closed the session: then the rest belongs to nothing.
      if (this.epoch !== epoch) return;
    }
  }

  /** The user wrote something, or (`say`) had something announced. */
  typed(text: string, say = false): void {
    const { current, hidden, context } = this;
    // Where nothing has come of what is kept back, what comes may well answer this.
    const begun = current === hidden ? context.keeps() : current?.begun;
    if (current && begun) this.ahead.push({ text, say });
    else this.question.written(this.open(), text, say);
  }

  /**
   * What the service says next is kept back, until {@link show} or {@link swallow}. It is a turn all the same, with a number
   * and a price, unless one is under way. @param watch it was asked about pictures alone @returns its number
   */
  hide(watch: boolean): number | undefined {
    if (this.current || this.awaiting !== undefined || this.ahead.length > 0) return undefined;
    const turn = this.open();
    turn.watch = watch;
    this.hidden = turn;
    return turn.number;
  }

  /** The turn that was kept back is told from now on. @param any something of it has come */
  show(any: boolean): void {
    const { hidden } = this;
    this.hidden = undefined;
    // Nothing has come of it, or the user has spoken and what comes answers that.
    if (hidden && (!any || this.current !== hidden)) this.forget(hidden);
  }

  /** The turn that was kept back is over, and nobody hears of it. */
  swallow(): void {
    const { hidden } = this;
    this.hidden = undefined;
    if (!hidden) return;
    hidden.swallowed = true;
    this.context.begun(hidden.watch);
    this.forget(hidden);
  }

  /** Its money is spent, even if nobody hears of it. */
  private forget(turn: Turn): void {
    if (this.current === turn) this.current = undefined;
    if (this.awaiting === turn) this.awaiting = undefined;
    this.last = turn;
    turn.closedAt = performance.now();
    this.report.usage(turn);
    this.context.watchdogs.closed(turn, 'swallowed');
    this.context.settled();
  }

  /** A sink that is no sink of a handle says how far it has played. */
  reportPlayed(ms: number, number?: number): void {
    const turn = [this.current, this.awaiting, this.last].find(
      (candidate) => candidate && (number === undefined ? candidate.handle : candidate.number === number),
    );
    turn?.handle?.reportPlayed(ms, { sink: 'remote' });
  }

  /** Silences the answer here and now; what the server still sends of it is dropped. */
  interruptLocally(): boolean {
    const turn = this.current?.begun ? this.current : this.last;
    if (!turn || turn.heard || !(turn === this.current || turn.playing)) return false;
    this.interrupt(turn, true);
    return true;
  }

  /** The connection is gone: the answer ends with what came. */
  lost(): void {
    this.stop('lost', (turn) => turn.endAudio());
  }

  /** The session closes: nothing goes on playing, unless it may finish. */
  closed(finish: boolean): void {
    this.playback.stop();
    this.stop('closed', (turn) => (finish ? turn.endAudio() : turn.abortAudio('NODE_CLOSED')));
    if (!finish && this.last?.playing) this.last.abortAudio('NODE_CLOSED');
  }

  private stop(reason: string, end: (turn: Turn) => void): void {
    this.epoch++;
    const open = [this.awaiting, this.current];
    this.awaiting = undefined;
    this.current = undefined;
    this.interaction = '';
    // What was asked while the model spoke is a turn of its own, although nothing came of it.
    if (this.ahead.length > 0) open.push(this.open());
    this.current = undefined;
    for (const turn of open) {
      if (!turn) continue;
      end(turn);
      this.close(turn, turn.heard ? undefined : reason);
    }
  }

  // ——— the steps of a message, in their order ———

  interrupted({ serverContent }: LiveServerMessage): void {
    if (!serverContent?.interrupted) return;
    const { current } = this;
    if (current?.begun) {
      if (current.heard) {
        // Interrupted here before: the service only confirms it.
        this.await(current);
        return;
      }
      if (serverContent.outputTranscription?.text) current.model.add(serverContent.outputTranscription.text);
      for (const { inlineData } of serverContent.modelTurn?.parts ?? [])
        if (inlineData) current.addAudio(inlineData, true);
      this.interrupt(current, false);
      if (this.current === current) this.await(current);
    } else if (!this.awaiting && this.last && !this.last.heard && this.last.playing) {
      this.awaiting = null;
      this.interrupt(this.last, false);
    } else if (this.awaiting === undefined) {
      this.awaiting = null;
    }
  }

  input({ serverContent }: LiveServerMessage): void {
    if (serverContent) this.question.heard(serverContent);
  }

  parts({ serverContent }: LiveServerMessage): void {
    const { parts, role } = serverContent?.modelTurn ?? {};
    this.answer.role(role);
    // With an interruption comes the sound and text of the interrupted turn; it has been counted.
    if (!parts || serverContent?.interrupted) return;
    const { epoch } = this;
    for (const part of parts) {
      this.answer.part(part);
      if (this.epoch !== epoch) return;
    }
    this.context.watchdogs.content();
  }

  output({ serverContent }: LiveServerMessage): void {
    const transcript = serverContent?.outputTranscription;
    if (!tells(transcript) || serverContent?.interrupted) return;
    const { text = '', finished } = transcript;
    const details = detailsOf(transcript);
    if (text === '') return this.report.piece(this.open(), 'model', text, details);
    const late = serverContent?.modelTurn ? undefined : this.lateFor('model');
    if (late?.swallowed) return;
    if (late) {
      late.model.add(text, finished);
      this.report.piece(late, 'model', text, details);
      this.report.final(late, 'model');
      return;
    }
    this.answer.text(text, 'model', finished, details);
    this.context.watchdogs.content();
  }

  extras({ serverContent }: LiveServerMessage): void {
    if (!serverContent) return;
    const { groundingMetadata, urlContextMetadata, interactionStatus, waitingForInput } = serverContent;
    if (hasKeys(groundingMetadata) || hasKeys(urlContextMetadata)) {
      const turn = this.current ?? this.awaiting ?? this.last ?? this.begin();
      const grounding = readGrounding(serverContent);
      turn.grounding.push(grounding);
      this.context.emit('grounding', { turn: turn.number, ...grounding });
    }
    if (waitingForInput && this.current) this.current.waitingForInput = true;
    else if (waitingForInput) this.context.emit('activity', { type: 'waiting-for-input' });
    if (!interactionStatus) return;
    this.interaction = interactionStatus;
    if (this.current) this.current.interactionStatus = interactionStatus;
    if (interactionStatus === 'IN_PROGRESS') this.context.watchdogs.thinking();
    this.context.emit('activity', { type: `interaction-${interactionStatus}` });
    this.context.settled();
  }

  toolCalls({ toolCall }: LiveServerMessage): void {
    const { epoch } = this;
    for (const call of toolCall?.functionCalls ?? []) {
      this.answer.toolCall(call);
      if (this.epoch !== epoch) return;
    }
  }

  toolCancel({ toolCallCancellation }: LiveServerMessage): void {
    const ids = toolCallCancellation?.ids;
    if (ids && ids.length > 0) this.context.tools.cancelled(ids);
  }

  generationComplete({ serverContent }: LiveServerMessage): void {
    const turn = this.current;
    if (!serverContent?.generationComplete || !turn) return;
    turn.times.generationComplete ??= Date.now();
    turn.endAudio();
    this.playback.watch(turn);
    this.context.watchdogs.generated(turn);
    this.report.finals(turn);
  }

  usageReport({ usageMetadata, serverContent }: LiveServerMessage): void {
    if (!usageMetadata) return;
    const { current } = this;
    const closing = serverContent?.turnComplete && this.awaiting;
    const own = current && (current.begun || current === this.hidden) ? current : undefined;
    const turn = closing || (own ?? this.awaiting ?? this.last ?? this.begin());
    this.meter.report(turn.number, usageMetadata);
    this.context.costs.report(turn.number, this.meter.of(turn.number) ?? usageMetadata);
    // A turn that is open tells its usage when it closes.
    if (turn === this.last) this.report.usage(turn);
  }

  turnComplete({ serverContent }: LiveServerMessage): void {
    if (!serverContent?.turnComplete) return;
    const { awaiting } = this;
    const reason = serverContent.turnCompleteReason;
    this.awaiting = undefined;
    if (awaiting) {
      awaiting.times.turnComplete = Date.now();
      this.close(awaiting, reason);
    }
    // The turnComplete of an interrupted turn comes before the next turn can be generated.
    if (awaiting !== undefined && !this.current?.generationComplete) return;
    const turn = this.current ?? this.begin();
    this.current = undefined;
    turn.endAudio();
    turn.times.turnComplete = Date.now();
    this.close(turn, reason);
  }

  // ——— parts of steps ———

  /** The turn to which the model's next content belongs. */
  private begin(): Turn {
    const turn = this.current ?? this.open();
    if (turn.begun) return turn;
    turn.begun = true;
    turn.times.begun = Date.now();
    turn.timings = { ...this.context.timings() };
    // What the user has said meanwhile is answered by another turn.
    const input = turn.watch ? undefined : this.context.input.take();
    if (input) {
      turn.inputAt = input.at;
      turn.timings.firstByteMs = input.firstByteMs;
      turn.timings.endpointMs = Math.round(performance.now() - input.at);
    }
    this.context.begun(turn.watch);
    return turn;
  }

  /** The turn to which new content belongs; an interrupted turn takes none, nor does one that is kept back. */
  private open(): Turn {
    if (this.current && this.current !== this.hidden) return this.current;
    if (this.hidden) this.awaiting = this.hidden;
    const turn = new Turn(++this.count, this.context.conversation);
    this.current = turn;
    for (const { text, say } of this.ahead.splice(0)) this.question.written(turn, text, say);
    return turn;
  }

  /** The turn that is over, when a transcript still belongs to it; not when anything since could have begun another one. */
  private lateFor(side: 'user' | 'model'): Turn | undefined {
    if (this.current || this.awaiting !== undefined || this.context.input.pending) return undefined;
    return this.last && takesLate(this.last, side) ? this.last : undefined;
  }

  private await(turn: Turn): void {
    const { epoch, awaiting } = this;
    this.awaiting = undefined;
    if (awaiting) this.close(awaiting);
    if (this.epoch !== epoch) return;
    this.awaiting = turn;
    this.current = undefined;
  }

  private interrupt(turn: Turn, local: boolean): void {
    turn.abortAudio('INTERRUPTED');
    this.report.interrupted(turn, local);
  }

  private close(turn: Turn, reason?: string): void {
    this.last = turn;
    turn.closedAt = performance.now();
    if (reason !== 'closed') this.playback.watch(turn);
    const told = this.report.closed(turn, reason);
    this.context.watchdogs.closed(turn, told);
    this.context.settled();
  }

  private drained(turn: Turn): void {
    turn.times.playbackDrained = Date.now();
    this.context.emit('activity', { type: 'playback-drained', turn: turn.number });
    this.context.settled();
  }
}

const STEPS: ReadonlyArray<(turns: Turns, message: LiveServerMessage) => void> = [
  (turns, message) => turns.interrupted(message),
  (turns, message) => turns.input(message),
  (turns, message) => turns.parts(message),
  (turns, message) => turns.output(message),
  (turns, message) => turns.extras(message),
  (turns, message) => turns.toolCancel(message),
  (turns, message) => turns.toolCalls(message),
  (turns, message) => turns.generationComplete(message),
  (turns, message) => turns.usageReport(message),
  (turns, message) => turns.turnComplete(message),
];
