import type { FunctionResponse } from '../../protocol';
import type { Emit } from '../events';
import type { Turn } from '../turn';
import type { WatchdogCode, WatchdogOptions } from './options';
import { Overdue } from './overdue';

/** What {@link Watchdogs} needs of its session. */
export interface WatchdogContext {
  emit: Emit;
  /** Calls that wait for an answer: then the service waits for us. */
  callsPending(): boolean;
  /** Asks the model to go on. */
  nudge(): void;
}

const SILENT_AUDIO_MS = 5000;
const TOOL_ANSWER_MS = 10_000;
const SERVER_SILENT_MS = 15_000;
/** Shorter answers may be a breath (ms). */
const MIN_AUDIO_MS = 500;
/** Thinking for long is what some models are for: how much more patience that gets. */
const THINKING = 3;
/** The service's reason for a turn that rightly says nothing. */
const NEED_MORE_INPUT = 'NEED_MORE_INPUT';

const TEXTS: Record<WatchdogCode, { message: string; advice: string }> = {
  EMPTY_TURN: {
    message: 'The model ended its turn without an answer',
    advice: 'Ask again. If it happens often, shorten the instructions, or let the watchdog nudge the model.',
  },
  SILENT_AUDIO: {
    message: 'The model sends sound that cannot be heard',
    advice: 'Interrupt and ask again; if it stays silent, reconnect without resuming.',
  },
  NO_ANSWER_AFTER_TOOL: {
    message: 'The model says nothing after the answer to its function call',
    advice:
      'Ask again. Give the function a result that tells status and outcome: empty results confuse models.',
  },
  SERVER_SILENT: {
    message: 'The service owes an answer and sends nothing, although the connection is open',
    advice: 'Reconnect: the conversation is resumed where the service still knows it.',
  },
};

/**
 * Watches for what a service does wrong without saying so, and warns. Nothing of it counts a user's silence: time runs
 * only while the service owes something.
 */
export class Watchdogs {
  private readonly silentAudioMs: number;
  private readonly emptyTurn: boolean;
  private readonly nudges: boolean;
  private readonly server: Overdue;
  private readonly tool: Overdue;
  private readonly serverMs: number;
  /** The model was nudged, and no turn has succeeded since. */
  private nudged = false;
  /** The last answers of functions asked for no words. */
  private quietTools = false;

  constructor(
    options: WatchdogOptions | false,
    private readonly context: WatchdogContext,
  ) {
    const off = options === false;
    const chosen = options || {};
    const ms = (value: number | false | undefined, usual: number): number =>
      off ? 0 : value === undefined ? usual : value || 0;
    this.silentAudioMs = ms(chosen.silentAudioMs, SILENT_AUDIO_MS);
    this.serverMs = ms(chosen.serverSilentMs, SERVER_SILENT_MS);
    this.emptyTurn = !off && chosen.emptyTurn !== false;
    this.nudges = !off && chosen.nudge === true;
    this.server = new Overdue(this.serverMs, () => this.warn('SERVER_SILENT'));
    this.tool = new Overdue(ms(chosen.toolAnswerMs, TOOL_ANSWER_MS), () => this.warn('NO_ANSWER_AFTER_TOOL'));
  }

  /** Any frame of the service. @param now monotonic ms */
  heard(now: number): void {
    this.server.touch(now);
  }

  /** The service owes an answer. @param extra more patience than usual (ms) */
  asked(extra = 0): void {
    this.server.expect(extra);
  }

  /** The user has spoken, as far as loudness can tell: it may have been a noise, so patience is double. */
  spoken(): void {
    if (!this.server.waiting) this.server.expect(this.serverMs);
  }

  /** The model speaks, writes or thinks. */
  content(): void {
    this.tool.off();
    if (!this.server.waiting) this.server.expect();
  }

  /** The model thinks for long. */
  thinking(): void {
    this.server.expect(this.serverMs * (THINKING - 1));
  }

  /** The model called a function: now it waits for us. */
  called(): void {
    this.tool.off();
    this.server.off();
  }

  /** Answers were handed to the socket. */
  answered(responses: readonly FunctionResponse[]): void {
    this.quietTools = responses.every(({ scheduling }) => scheduling === 'SILENT');
    if (this.context.callsPending() || this.quietTools) return;
    this.tool.expect();
    this.server.expect();
  }

  /** A piece of the answer's sound has come. */
  sound(turn: Turn): void {
    const { loudness } = turn;
    if (this.silentAudioMs === 0 || loudness.told || loudness.silentMs < this.silentAudioMs) return;
    loudness.told = true;
    this.warn('SILENT_AUDIO', turn);
  }

  /** Everything is generated; the service waits with the end of the turn until it has been played. */
  generated(turn: Turn): void {
    this.tool.off();
    this.server.expect(turn.audioMs);
  }

  /** The turn is over. @param reason the service's, or why it ended otherwise */
  closed(turn: Turn, reason: string): void {
    this.tool.off();
    if (!this.context.callsPending()) this.server.off();
    if (turn.heard || ['lost', 'closed', 'swallowed'].includes(reason)) return;
    const { loudness } = turn;
    if (this.silentAudioMs > 0 && !loudness.told && loudness.allSilent && loudness.totalMs >= MIN_AUDIO_MS) {
      this.warn('SILENT_AUDIO', turn);
    }
    this.judge(turn, reason);
    this.quietTools = false;
  }

  /** No connection, or no session: nothing is owed. */
  stop(): void {
    this.server.off();
    this.tool.off();
  }

  private judge(turn: Turn, reason: string): void {
    const said = turn.model.text !== '' || turn.audioMs > 0 || turn.lateAudioMs > 0;
    if (said || turn.tools.length > 0 || turn.code.length > 0) {
      this.nudged = false;
      return;
    }
    const asked = turn.inputAt !== undefined || turn.user.text !== '' || turn.say !== undefined;
    const rightly = this.quietTools || turn.waitingForInput || reason === NEED_MORE_INPUT;
    if (!this.emptyTurn || !asked || rightly) return;
    this.warn('EMPTY_TURN', turn, reason === 'complete' ? '' : ` (${reason})`);
    // A refusal would only be repeated.
    if (!this.nudges || this.nudged || reason !== 'complete') return;
    this.nudged = true;
    this.context.nudge();
  }

  private warn(code: WatchdogCode, turn?: Turn, detail = ''): void {
    const { message, advice } = TEXTS[code];
    this.context.emit('warning', {
      code,
      message: message + detail,
      advice,
      ...(turn && { turn: turn.number }),
    });
  }
}
