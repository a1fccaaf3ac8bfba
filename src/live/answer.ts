import type { FunctionCall, LiveServerMessage, Part } from '../protocol';
import type { Emit } from './events';
import type { Tools } from './tools/tools';
import type { PieceDetails } from './transcripts';
import type { Turn } from './turn';
import type { TurnReport } from './turn-report';
import type { Watchdogs } from './watchdogs/watchdogs';

/** The fields of a part that have a place of their own in the turn or an event. */
const PLAYED = new Set([
  'inlineData',
  'text',
  'thought',
  'executableCode',
  'codeExecutionResult',
  'functionCall',
]);

/** What {@link Answer} needs of the turns. */
export interface AnswerContext {
  emit: Emit;
  report: TurnReport;
  tools: Tools;
  watchdogs: Watchdogs;
  /** The turn to which the model's next content belongs. */
  begin(): Turn;
}

/** Sorts the parts of the model's answer into its turn, and tells them. */
export class Answer {
  constructor(private readonly context: AnswerContext) {}

  /** Takes one part: whatever it holds, all of it. */
  part(part: Part): void {
    const { inlineData, executableCode, codeExecutionResult, functionCall, text } = part;
    if (inlineData) {
      if (inlineData.mimeType?.startsWith('audio/')) this.audio(inlineData);
      else this.unknown('inlineData', inlineData);
      if (inlineData.displayName) this.unknown('displayName', inlineData.displayName);
    }
    if (text) this.text(text, part.thought ? 'thought' : 'model');
    if (executableCode) {
      const { code, language, id } = executableCode;
      this.code({ code: code ?? '', language, id });
    }
    if (codeExecutionResult) {
      const { outcome, output, id } = codeExecutionResult;
      this.code({ outcome, output, id });
    }
    // Some models tell a call here and in a toolCall message: the id tells that it is one.
    if (functionCall) this.toolCall(functionCall);
    for (const name in part) if (!PLAYED.has(name)) this.unknown(name, part[name as keyof Part]);
  }

  /** Who speaks, where it is not the model. */
  role(role: string | undefined): void {
    if (role !== undefined && role !== 'model') {
      this.context.emit('unknown', {
        path: 'server_content.model_turn',
        name: 'role',
        kind: 'unknown-enum',
        value: role,
      });
    }
  }

  /** A piece of what the model says, or thinks. */
  text(text: string, role: 'model' | 'thought', finished = false, details: PieceDetails = {}): void {
    const turn = this.context.begin();
    turn[role].add(text, finished);
    if (!turn.heard) this.context.report.piece(turn, role, text, details);
  }

  toolCall(call: FunctionCall): void {
    const { report, tools, watchdogs } = this.context;
    tools.take(call, (id, name) => {
      const turn = this.context.begin();
      turn.tools.push({ id, name });
      turn.model.break();
      watchdogs.called();
      report.final(turn, 'user');
      return turn.number;
    });
  }

  private audio(blob: NonNullable<Part['inlineData']>): void {
    const { emit, watchdogs } = this.context;
    const turn = this.context.begin();
    const result = turn.addAudio(blob);
    if (result === 'written' || result === 'opened') watchdogs.sound(turn);
    if (result === 'opened' && turn.handle) {
      if (turn.inputAt !== undefined) {
        turn.timings.timeToFirstAudioMs = Math.round(performance.now() - turn.inputAt);
      }
      emit('audio', { turn: turn.number, handle: turn.handle });
    } else if (result === 'bad-format') {
      const mime = String(blob.mimeType).slice(0, 60);
      emit('warning', {
        code: 'AUDIO_FORMAT',
        message: `Turn ${turn.number} contains audio of another or unknown format (${mime}); it is left out`,
        turn: turn.number,
      });
    }
  }

  private code(run: Parameters<Turn['addCode']>[0]): void {
    const turn = this.context.begin();
    turn.addCode({ ...run });
    turn.model.break();
    this.context.emit('code', { turn: turn.number, ...run });
  }

  private unknown(name: string, value: unknown): void {
    this.context.emit('unknown', { path: 'server_content.model_turn.parts', name, kind: 'part', value });
  }
}

/** Whether a message holds parts of the answer and nothing else. */
export function isAnswerOnly(message: LiveServerMessage): boolean {
  for (const name in message) if (name !== 'serverContent') return false;
  for (const name in message.serverContent) if (name !== 'modelTurn') return false;
  return true;
}
