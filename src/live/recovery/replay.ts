import type { LiveServerMessage, SentFrame } from '../../protocol';
import { answeredIds, answersTo, audioMsOf, kindOf, type FrameKind } from './frames';

/** A message that was sent, and may have to be sent again. */
interface Entry {
  frame: SentFrame;
  kind: FrameKind;
  /** Counted over the session. */
  seq: number;
  /** Counted over the connection, the setup being 0: this is what `lastConsumedClientMessageIndex` counts. */
  index: number;
  /** Sound in which nobody speaks. */
  quiet: boolean;
}

/** What {@link Replay} has done and could not do. */
export interface ReplayStats {
  /** Messages, and sound of them (ms), that were sent again because the service may have lost them. */
  repeatedMessages: number;
  repeatedAudioMs: number;
  /** Sound that the service may have lost and that is not kept any more (ms). */
  forgottenAudioMs: number;
}

/** Most that is kept (characters): about 70 s of speech. */
const MAX_CHARS = 3 * 1024 * 1024;
/**
 * How often in a row it is all said again without a turn that ends well. Something in it may be what breaks the connection,
 * each time after the model has begun: without an end to that, it would be sent and paid for, again and again.
 */
const MAX_ROUNDS = 10;
/** How much silence before speech is kept (characters, half a second): the first sound of a word is soft. */
const PRE_ROLL_CHARS = 24_000;

/**
 * Keeps what was sent for as long as the service may lose it, so that a conversation goes on after a lost connection as
 * if nothing had happened.
 *
 * What a resumed service knows is what its handle stands for, and there are two ways to know what that is:
 *
 * - **Indexed** (Vertex AI, `sessionResumption.transparent`): with the handle comes the index of the last message that is
 *   in it. Everything later is sent again, whatever it is, and each message arrives exactly once.
 * - **By turns** (everywhere else): a handle that comes after a turn has that turn in it. What was said since then is said
 *   again: at least once. Silence and old pictures are not worth it, and a turn that is over is repeated only if it was
 *   the last one and no handle has come since.
 *
 * A session that starts afresh is told the turns that are over as its history, so only what came after them is repeated.
 * Answers to function calls are repeated only to a service that knows the call, because its handle is younger than that.
 */
export class Replay {
  private entries: Entry[] = [];
  private chars = 0;
  private seq = 0;
  private index = 0;
  /** Everything up to there belongs to turns that are over. */
  private boundary = 0;
  /** Everything up to there was sent when the newest handle came. */
  private handleSeq = 0;
  /** Where the model began its turn. */
  private begunAt: number | undefined;
  /** Calls without an answer, and those of them that the newest handle knows. */
  private readonly open = new Set<string>();
  private known: ReadonlySet<string> = new Set();
  /** How often in a row something was said again. */
  private rounds = 0;
  private readonly counts: ReplayStats = { repeatedMessages: 0, repeatedAudioMs: 0, forgottenAudioMs: 0 };

  constructor(
    private readonly options: {
      /** Whether anything is kept at all. */
      keep: boolean;
      /** The service tells indexes. */
      indexed: boolean;
      /** The service gives handles. */
      resumable: boolean;
      /** Whether a written message is repeated by somebody else. */
      skip(text: string): boolean;
    },
  ) {}

  get stats(): ReplayStats {
    return { ...this.counts };
  }

  /** A connection begins: its messages are counted anew. @param before messages after the setup that were sent already */
  opened(before = 0): void {
    this.index = before;
  }

  /** A message is handed to the socket. @param voiced for sound: somebody speaks in it */
  sent(frame: SentFrame, voiced: boolean): void {
    const kind = kindOf(frame);
    if (kind === 'tool') for (const id of answeredIds(String(frame), true)) this.open.delete(id);
    if (!this.options.keep) return;
    const quiet = !this.options.indexed && ((kind === 'audio' && !voiced) || kind === 'audio-end');
    this.entries.push({ frame, kind, seq: ++this.seq, index: ++this.index, quiet });
    this.chars += frame.length;
    if (quiet) this.forgetSilence();
    while (this.chars > MAX_CHARS && this.entries.length > 1) this.forgetOldest();
  }

  /** A message came from the service. @param kept its handle is the one to resume with from now on */
  took(message: LiveServerMessage, kept: boolean): void {
    const { serverContent, toolCall, toolCallCancellation, sessionResumptionUpdate: update } = message;
    for (const { id } of toolCall?.functionCalls ?? []) this.open.add(id ?? '');
    for (const id of toolCallCancellation?.ids ?? []) this.open.delete(id);
    const { modelTurn, outputTranscription, turnComplete } = serverContent ?? {};
    if (modelTurn || outputTranscription || toolCall) this.begunAt ??= this.seq;
    if (turnComplete) this.turnOver();
    if (kept) this.covered(update?.lastConsumedClientMessageIndex);
  }

  /** Whether something would be repeated after a connection that ends now. */
  pending(resumable: boolean): boolean {
    return this.due(resumable).some(({ quiet }) => !quiet);
  }

  /**
   * Hands out what is to be sent again, in order. It counts as not sent until it is.
   *
   * @param resumed the service has taken the conversation up with the newest handle.
   */
  take(resumed: boolean): SentFrame[] {
    const due = this.due(resumed);
    if (this.rounds >= MAX_ROUNDS) this.forget();
    this.rounds = due.length > 0 ? this.rounds + 1 : 0;
    this.entries = [];
    this.chars = 0;
    this.begunAt = undefined;
    if (!resumed) this.known = new Set();
    for (const id of this.unknownCalls) this.open.delete(id);
    for (const { frame, kind } of due) {
      this.counts.repeatedMessages++;
      if (kind === 'audio') this.counts.repeatedAudioMs += audioMsOf(frame);
    }
    // A message may also answer calls that the service does not know any more.
    return due.map(({ frame, kind }) => (kind === 'tool' ? answersTo(String(frame), this.known) : frame));
  }

  /** Calls that a resumed service does not know: they were made after the handle. */
  get unknownCalls(): string[] {
    return [...this.open].filter((id) => !this.known.has(id));
  }

  /** Calls that the newest handle knows, and that were answered after it: a service that resumes asks for them again. */
  get uncovered(): string[] {
    const late = this.entries.filter(({ kind, seq }) => kind === 'tool' && seq > this.handleSeq);
    return late.flatMap(({ frame }) => answeredIds(String(frame), true)).filter((id) => this.known.has(id));
  }

  /** A service has resumed that remembers these calls, which were made before this session: none of them is new. */
  restored(ids: readonly string[]): void {
    const unknown = this.unknownCalls;
    const old = ids.filter((id) => !unknown.includes(id));
    for (const id of old) this.open.add(id);
    this.known = new Set([...this.known, ...old]);
  }

  /** Gives up all that was sent: something in it made the service close. */
  forget(): void {
    while (this.entries.length > 0) this.forgetOldest();
  }

  /** The session was closed: what was said before is no longer owed. */
  clear(): void {
    this.entries = [];
    this.chars = 0;
    this.rounds = 0;
    this.open.clear();
    this.known = new Set();
  }

  private due(resumed: boolean): Entry[] {
    const { indexed, skip } = this.options;
    if (this.rounds >= MAX_ROUNDS) return [];
    const from = !resumed ? this.boundary : this.known.size > 0 && !indexed ? this.handleSeq : 0;
    return this.entries.filter(({ seq, kind, frame }) => {
      if (seq <= from || kind === 'context') return false;
      if (kind === 'video') return indexed && resumed;
      if (kind !== 'tool') return kind !== 'other' || !skip(String(frame));
      return resumed && seq > this.handleSeq && answeredIds(String(frame)).some((id) => this.known.has(id));
    });
  }

  private turnOver(): void {
    this.rounds = 0;
    const before = this.boundary;
    // What was sent after the model had begun belongs to the next turn: somebody spoke into its answer.
    this.boundary = this.begunAt ?? this.seq;
    this.begunAt = undefined;
    if (this.options.indexed) return;
    const { resumable } = this.options;
    // An answer is owed until a handle has it, however many turns that takes: nobody would ask for it again.
    this.drop(({ seq, kind }) => (resumable ? seq <= before && kind !== 'tool' : seq <= this.boundary));
    this.forgetSilence();
  }

  /** There is a new handle. @param consumed index of the last message that is in it */
  private covered(consumed: string | undefined): void {
    this.handleSeq = this.seq;
    this.known = new Set(this.open);
    if (!this.options.indexed) this.drop(({ seq }) => seq <= this.boundary);
    else if (consumed !== undefined) this.drop(({ index }) => index <= Number(consumed));
    this.forgetSilence();
  }

  private drop(gone: (entry: Entry) => boolean): void {
    this.entries = this.entries.filter((entry) => {
      if (gone(entry)) this.chars -= entry.frame.length;
      return !gone(entry);
    });
  }

  /** Silence at the beginning is kept only as far as speech may follow it at once. */
  private forgetSilence(): void {
    let quiet = 0;
    let count = 0;
    while (this.entries[count]?.quiet) quiet += this.entries[count++]!.frame.length;
    while (count-- > 0 && quiet > PRE_ROLL_CHARS) {
      const length = this.entries.shift()?.frame.length ?? 0;
      quiet -= length;
      this.chars -= length;
    }
  }

  private forgetOldest(): void {
    const entry = this.entries.shift();
    if (!entry) return;
    this.chars -= entry.frame.length;
    if (entry.kind === 'audio' && !entry.quiet) this.counts.forgottenAudioMs += audioMsOf(entry.frame);
  }
}
