import type { CostMeter } from './cost';
import { byModality } from './cost-report';
import type { Emit, TextRole } from './events';
import type { PieceDetails } from './transcripts';
import type { Turn } from './turn';
import type { TurnQueue } from './turn-event';
import type { UsageMeter } from './usage';

const ROLES = ['user', 'thought', 'model'] as const;

/** Tells the outside what happens in a turn. */
export class TurnReport {
  /** Counters when the last turn ended. */
  private told = { droppedAudioMs: 0, droppedVideoFrames: 0 };

  constructor(
    private readonly emit: Emit,
    private readonly meter: UsageMeter,
    private readonly costs: CostMeter,
    /** Counters of what waits to be sent and what was given up. */
    private readonly queue: () => TurnQueue,
  ) {}

  /** A piece of text as it arrives. */
  piece(turn: Turn, role: TextRole, text: string, extra: PieceDetails & { interim?: boolean } = {}): void {
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
    turn.times.interrupted = Date.now();
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
    const costUsd = {
      turn: this.costs.of(turn.number),
      conversation: this.costs.conversationUsd,
      day: this.costs.dayUsd,
    };
    this.emit('usage', { turn: turn.number, usage, total, costUsd, byModality: tokens });
  }

  /** The turn is over. @returns the reason as it was told */
  closed(turn: Turn, given?: string): string {
    this.finals(turn);
    this.usage(turn);
    const model = turn.model.text.trim();
    const reason = given ?? (turn.heard ? 'interrupted' : 'complete');
    this.emit('turn', {
      turn: turn.number,
      user: turn.user.text.trim(),
      ...(turn.say !== undefined && { say: turn.say }),
      ...(turn.watch && { watch: true as const }),
      model,
      thought: turn.thought.text.trim(),
      heard: turn.heard?.text ?? model,
      tools: turn.tools,
      code: turn.code,
      grounding: turn.grounding,
      usage: this.meter.of(turn.number),
      costUsd: this.costs.of(turn.number),
      timings: turn.timings,
      times: { ...turn.times },
      queue: this.drops(),
      reason,
      interrupted: turn.heard !== undefined,
      incomplete: reason === 'lost',
      audioMs: Math.round(turn.audioMs),
      lateAudioMs: Math.round(turn.lateAudioMs),
      waitingForInput: turn.waitingForInput,
      ...(turn.interactionStatus && { interactionStatus: turn.interactionStatus }),
    });
    return reason;
  }

  /** What waits now, and what was given up since the last turn. */
  private drops(): TurnQueue {
    const now = this.queue();
    const before = this.told;
    this.told = now;
    return {
      ...now,
      droppedAudioMs: now.droppedAudioMs - before.droppedAudioMs,
      droppedVideoFrames: now.droppedVideoFrames - before.droppedVideoFrames,
    };
  }
}
