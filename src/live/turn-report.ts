import { byModality } from './cost-report';
import type { Emit, TextRole } from './events';
import type { Turn } from './turn';
import type { UsageMeter } from './usage';

const ROLES = ['user', 'thought', 'model'] as const;

/** Tells the outside what happens in a turn. */
export class TurnReport {
  constructor(
    private readonly emit: Emit,
    private readonly meter: UsageMeter,
  ) {}

  /** A piece of text as it arrives. */
  piece(turn: Turn, role: TextRole, text: string, extra: { interim?: boolean } = {}): void {
    this.emit('text', { turn: turn.number, role, text, final: false, ...extra });
  }

  /** The whole text of one side, or what has come since it was told last. */
  final(turn: Turn, role: TextRole): void {
    const text = turn[role].takeFinal();
    if (text !== undefined) this.emit('text', { turn: turn.number, role, text, final: true });
  }

  /** The texts of all sides. The model's text of an interrupted turn was told, cut, when it was interrupted. */
  finals(turn: Turn): void {
    for (const role of ROLES) if (role !== 'model' || !turn.heard) this.final(turn, role);
  }

  /** The turn's sound has just been aborted: what was heard of it. */
  interrupted(turn: Turn, local: boolean): void {
    const heard = turn.heardNow();
    const untold = turn.model.untold;
    turn.heard = heard;
    this.finals(turn);
    if (untold && heard.text !== '') {
      this.emit('text', { turn: turn.number, role: 'model', text: heard.text, final: true });
    }
    this.emit('interrupted', {
      turn: turn.number,
      playedMs: heard.playedMs,
      estimated: heard.estimated,
      textPlayed: heard.text,
      approximate: true,
      text: turn.model.text.trim(),
      local,
    });
  }

  usage(turn: Turn): void {
    const usage = this.meter.of(turn.number);
    if (!usage) return;
    const { total } = this.meter;
    const tokens = { turn: byModality(usage), total: byModality(total) };
    this.emit('usage', { turn: turn.number, usage, total, costUsd: {}, byModality: tokens });
  }

  /** The turn is over. */
  closed(turn: Turn, reason?: string): void {
    this.finals(turn);
    this.usage(turn);
    const model = turn.model.text.trim();
    this.emit('turn', {
      turn: turn.number,
      user: turn.user.text.trim(),
      model,
      thought: turn.thought.text.trim(),
      heard: turn.heard?.text ?? model,
      tools: turn.tools,
      code: [],
      grounding: [],
      usage: this.meter.of(turn.number),
      timings: turn.timings,
      times: {},
      queue: { queuedAudioMs: 0, droppedAudioMs: 0, droppedVideoFrames: 0, bufferedBytes: 0 },
      reason: reason ?? (turn.heard ? 'interrupted' : 'complete'),
      interrupted: turn.heard !== undefined,
      incomplete: reason === 'lost',
      audioMs: Math.round(turn.audioMs),
      lateAudioMs: Math.round(turn.lateAudioMs),
      waitingForInput: turn.waitingForInput,
    });
  }
}
