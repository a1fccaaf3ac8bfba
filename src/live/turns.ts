import type { LiveServerMessage, Part, UsageMetadata } from '../protocol';
import type { Emit } from './events';
import { isEcho } from './text';
import type { InputClock, TurnTimings } from './timings';
import { Turn } from './turn';
import { TurnReport } from './turn-report';
import { UsageMeter } from './usage';

/** What {@link Turns} needs of its session. */
export interface TurnsContext {
  conversation: string;
  emit: Emit;
  input: InputClock;
  /** Connection part of each turn's timings. */
  timings(): TurnTimings;
  /** Number of the last turn of a conversation that is taken up again. */
  lastTurn?: number;
  usage?: UsageMetadata;
}

/** Ids of tool calls that are remembered to notice a call that is told twice. */
const MAX_CALL_IDS = 500;

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
  private count: number;
  /** Text that the user wrote while the model was still speaking. */
  private typedAhead = '';
  private readonly callIds = new Set<string>();
  private readonly meter: UsageMeter;
  private readonly report: TurnReport;
  /** Raised by everything that ends turns from outside: a message in progress then stops. */
  private epoch = 0;

  constructor(private readonly context: TurnsContext) {
    this.count = context.lastTurn ?? 0;
    this.meter = new UsageMeter(context.usage);
    this.report = new TurnReport(context.emit, this.meter);
  }

  get lastTurn(): number {
    return this.count;
  }

  get usage(): UsageMetadata {
    return this.meter.total;
  }

  /** The model is answering, or its answer is still being played. */
  get busy(): boolean {
    return Boolean(this.current?.begun) || Boolean((this.current ?? this.last)?.playing);
  }

  /** Takes one message of the server: every field of it, `interrupted` first, `turnComplete` last. */
  take(message: LiveServerMessage): void {
    const { epoch } = this;
    for (const step of STEPS) {
      step(this, message);
      // A listener may have closed the session: then the rest belongs to nothing.
      if (this.epoch !== epoch) return;
    }
  }

  /** The user wrote something. */
  typed(text: string): void {
    if (this.current?.begun) {
      this.typedAhead = joined(this.typedAhead, text);
      return;
    }
    this.addTyped(this.open(), text);
  }

  private addTyped(turn: Turn, text: string): void {
    turn.typed = joined(turn.typed, text);
    turn.user.add(turn.user.text === '' ? text : `\n${text}`);
    this.report.final(turn, 'user');
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
    this.stop('closed', (turn) => (finish ? turn.endAudio() : turn.abortAudio('NODE_CLOSED')));
    if (!finish && this.last?.playing) this.last.abortAudio('NODE_CLOSED');
  }

  private stop(reason: string, end: (turn: Turn) => void): void {
    this.epoch++;
    const open = [this.awaiting, this.current];
    this.awaiting = undefined;
    this.current = undefined;
    this.typedAhead = '';
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
    const interim = serverContent?.interimInputTranscription?.text;
    if (interim) this.report.piece(this.open(), 'user', interim, { interim: true });
    const text = serverContent?.inputTranscription?.text;
    if (!text) return;
    const turn = this.open();
    if (turn.typed && isEcho(turn.echo + text, turn.typed)) {
      turn.echo += text;
      return;
    }
    turn.user.add(text);
    this.report.piece(turn, 'user', text);
  }

  parts({ serverContent }: LiveServerMessage): void {
    const { epoch } = this;
    for (const part of serverContent?.modelTurn?.parts ?? []) {
      // The sound and text of the interrupted turn; it has been counted.
      if (serverContent?.interrupted) return;
      this.part(part);
      if (this.epoch !== epoch) return;
    }
  }

  output({ serverContent }: LiveServerMessage): void {
    const text = serverContent?.outputTranscription?.text;
    if (!text || serverContent?.interrupted) return;
    this.modelText(text, 'model');
  }

  extras({ serverContent }: LiveServerMessage): void {
    const { groundingMetadata, urlContextMetadata, interactionStatus, waitingForInput } = serverContent ?? {};
    if (hasKeys(groundingMetadata) || hasKeys(urlContextMetadata)) {
      const turn = (this.current ?? this.awaiting ?? this.last ?? this.begin()).number;
      this.context.emit('grounding', { turn, groundingMetadata, urlContextMetadata });
    }
    if (interactionStatus) this.context.emit('activity', { type: `interaction-${interactionStatus}` });
    if (waitingForInput && this.current) this.current.waitingForInput = true;
  }

  toolCalls({ toolCall }: LiveServerMessage): void {
    const { epoch } = this;
    for (const call of toolCall?.functionCalls ?? []) {
      this.toolCall(call.id ?? '', call.name, call.args);
      if (this.epoch !== epoch) return;
    }
  }

  toolCancel({ toolCallCancellation }: LiveServerMessage): void {
    const ids = toolCallCancellation?.ids;
    if (ids && ids.length > 0) this.context.emit('tool-cancel', { ids });
  }

  generationComplete({ serverContent }: LiveServerMessage): void {
    const turn = this.current;
    if (!serverContent?.generationComplete || !turn) return;
    turn.generationComplete = true;
    turn.endAudio();
    this.report.finals(turn);
  }

  usageReport({ usageMetadata, serverContent }: LiveServerMessage): void {
    if (!usageMetadata) return;
    const closing = serverContent?.turnComplete && this.awaiting;
    const turn =
      closing || (this.current?.begun ? this.current : (this.awaiting ?? this.last ?? this.begin()));
    this.meter.report(turn.number, usageMetadata);
    // A turn that is open tells its usage when it closes.
    if (turn === this.last) this.report.usage(turn);
  }

  turnComplete({ serverContent }: LiveServerMessage): void {
    if (!serverContent?.turnComplete) return;
    const { awaiting } = this;
    const reason = serverContent.turnCompleteReason;
    this.awaiting = undefined;
    if (awaiting) this.close(awaiting, reason);
    // The turnComplete of an interrupted turn comes before the next turn can be generated.
    if (awaiting !== undefined && !this.current?.generationComplete) return;
    const turn = this.current ?? this.begin();
    this.current = undefined;
    turn.endAudio();
    this.close(turn, reason);
  }

  // ——— parts of steps ———

  private part(part: Part): void {
    const { inlineData, executableCode, codeExecutionResult, functionCall, text } = part;
    if (inlineData) {
      if (inlineData.mimeType?.startsWith('audio/')) this.audio(part);
      else this.unknownPart('inlineData', { mimeType: inlineData.mimeType });
    }
    if (text) this.modelText(text, part.thought ? 'thought' : 'model');
    if (executableCode) {
      const { code, language, id } = executableCode;
      this.context.emit('code', { turn: this.begin().number, code, language, id });
    }
    if (codeExecutionResult) {
      const { outcome, output, id } = codeExecutionResult;
      this.context.emit('code', { turn: this.begin().number, outcome, output, id });
    }
    // Some models tell a call here and in a toolCall message: the id tells that it is one.
    if (functionCall) this.toolCall(functionCall.id ?? '', functionCall.name, functionCall.args);
    if (part.fileData) this.unknownPart('fileData', part.fileData);
  }

  private unknownPart(name: string, value: unknown): void {
    this.context.emit('unknown', { path: 'server_content.model_turn.parts', name, kind: 'part', value });
  }

  private audio({ inlineData }: Part): void {
    const turn = this.begin();
    const result = turn.addAudio(inlineData ?? {});
    if (result === 'opened' && turn.handle) {
      if (turn.inputAt !== undefined) {
        turn.timings.timeToFirstAudioMs = Math.round(performance.now() - turn.inputAt);
      }
      this.context.emit('audio', { turn: turn.number, handle: turn.handle });
    } else if (result === 'bad-format') {
      const mime = String(inlineData?.mimeType).slice(0, 60);
      this.context.emit('warning', {
        code: 'AUDIO_FORMAT',
        message: `Turn ${turn.number} contains audio of another or unknown format (${mime}); it is left out`,
      });
    }
  }

  private modelText(text: string, role: 'model' | 'thought'): void {
    const turn = this.begin();
    turn[role].add(text);
    if (!turn.heard) this.report.piece(turn, role, text);
  }

  private toolCall(id: string, name: string | undefined, args: Record<string, unknown> = {}): void {
    if (!name) {
      this.context.emit('warning', {
        code: 'BAD_TOOL_CALL',
        message: 'The model called a function without a name',
      });
      return;
    }
    if (id !== '' && this.callIds.has(id)) return;
    this.callIds.add(id);
    if (this.callIds.size > MAX_CALL_IDS) this.callIds.delete(this.callIds.values().next().value ?? '');
    const turn = this.begin();
    turn.tools.push({ id, name });
    this.report.final(turn, 'user');
    this.context.emit('tool-call', { turn: turn.number, id, name, args });
  }

  /** The turn to which the model's next content belongs. */
  private begin(): Turn {
    const turn = this.open();
    if (!turn.begun) {
      turn.begun = true;
      turn.inputAt = this.context.input.take();
      turn.timings = { ...this.context.timings() };
      if (turn.inputAt !== undefined) turn.timings.endpointMs = Math.round(performance.now() - turn.inputAt);
    }
    return turn;
  }

  /** The turn to which new content belongs; an interrupted turn takes none. */
  private open(): Turn {
    if (this.current) return this.current;
    const turn = new Turn(++this.count, this.context.conversation);
    this.current = turn;
    if (this.typedAhead) {
      const text = this.typedAhead;
      this.typedAhead = '';
      this.addTyped(turn, text);
    }
    return turn;
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
    this.report.closed(turn, reason);
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

/** Texts that were written one after the other are no one word. */
function joined(before: string, text: string): string {
  return before === '' ? text : `${before}\n${text}`;
}

function hasKeys(value: object | undefined): boolean {
  return value !== undefined && Object.keys(value).length > 0;
}
