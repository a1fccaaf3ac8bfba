import type { Content, FunctionResponse, LiveServerMessage } from '../protocol';
import { closes } from './closes';
import { Refusal } from './client-message';
import { frames } from './frames';
import type { LateAnswers, Memory } from './memory';
import { ModelTurn, type TurnContext, type TurnWorld, type UserTurn } from './model-turn';
import type { BuiltInTool, DeclaredFunction, SeenPicture } from './parts';
import { textOf, type SessionConfig } from './setup';
import { addTokens, audioTokens, noTokens, textTokens, usageMetadata } from './tokens';
import { ToolDesk, type AnswerOutcome } from './tool-desk';
import type { TurnTakerListener, Utterance } from './turn-taker';
import { LISTEN_RATE } from './vad';

/** What a conversation needs from the world around it. */
export interface ConversationWorld extends TurnWorld {
  /** A part threw. The connection ends with it. */
  failed(error: unknown): void;
  /** An answer to a tool call came. */
  answered(response: FunctionResponse, outcome: AnswerOutcome): void;
  /** Asks for leave to answer; says no when the quota is used up, and the connection ends. */
  mayAnswer(): boolean;
  turnCompleted(): void;
  /** Keeps the conversation as it is. @returns the handle to it */
  save(memory: Memory): string;
}

/** How far a connection's messages have been read. Indexes count from 1, the setup being 0. */
export interface Progress {
  /** Index of the message that is being handled. */
  readonly current: number;
  /** Index of the last message that was handled to its end. */
  readonly handled: number;
  /** Index of the first message of the speech that is going on. */
  speakingSince(): number | undefined;
}

/** With transparent resumption, a quiet client hears at least after so many messages what has been consumed. */
const MESSAGES_PER_UPDATE = 50;

/** Lines that tell, folded into instructions, what the user has said before. */
const SAID_BEFORE = /^\W*(?:user|human)\W*:\s*(.+)$/i;

/** Turn by turn: user says something, model answers, unless it is interrupted. */
export class Conversation implements TurnTakerListener, TurnContext {
  readonly desk: ToolDesk;
  private turn: ModelTurn | undefined;
  private readonly waiting: UserTurn[] = [];
  private ended = false;
  private begun = false;
  private turns = 0;
  private toldIndex = 0;
  /** The first complete `clientContent` is still to come, and is history. */
  seeding: boolean;

  constructor(
    readonly config: SessionConfig,
    readonly memory: Memory,
    readonly world: ConversationWorld,
    private readonly progress: Progress,
  ) {
    this.desk = new ToolDesk(memory, config.traits);
    this.seeding = config.seedsHistory;
    if (config.tools) this.declare(config.tools, config.builtIn);
    if (config.handle !== undefined) return;
    addTokens(memory.context, { TEXT: textTokens(config.instructions + JSON.stringify(memory.tools)) });
    for (const line of config.instructions.split('\n')) this.learn(SAID_BEFORE.exec(line)?.[1]);
  }

  activityStarted(offsetMs: number): void {
    this.begun = true;
    if (this.config.vadSignals) this.world.send(frames.voiceActivity('ACTIVITY_START', offsetMs));
    if (this.config.bargeIn) this.interrupt();
  }

  utterance({ pcm, from, endMs }: Utterance): void {
    if (this.config.vadSignals) this.world.send(frames.voiceActivity('ACTIVITY_END', endMs));
    addTokens(this.memory.context, { AUDIO: audioTokens((pcm.length / LISTEN_RATE) * 1000) });
    this.memory.takeOpen();
    this.ask({ pcm, from });
  }

  /** `realtimeInput.text`: a user turn as if it had been spoken. A blank one only asks for an answer. */
  text(text: string): void {
    this.begun = true;
    if (this.config.bargeIn) this.interrupt();
    this.memory.add('user', text);
    this.ask({ text: this.memory.takeOpen(), from: this.progress.current });
  }

  /** A frame of video counts, and is known again; nobody looks at it. */
  video(picture: SeenPicture, tokens: number): void {
    this.begun = true;
    this.memory.picture = picture;
    addTokens(this.memory.context, { VIDEO: tokens });
  }

  /**
   * `clientContent`: interrupts always; answers when `complete`.
   * @throws Refusal in mid-session on models that take it only at the beginning, and for a history they do not take
   */
  content(turns: readonly Content[], complete: boolean): void {
    const { traits } = this.config;
    const { seeding } = this;
    if (this.begun && !traits.contentMidSession) throw new Refusal(closes.invalidArgument());
    const isFunction = turns.some((turn) => turn.parts?.some((p) => p.functionCall ?? p.functionResponse));
    const openEnd = complete && traits.history.endsWithUser && turns.at(-1)?.role === 'model';
    if (seeding && (isFunction || openEnd)) throw new Refusal(closes.invalidArgument());
    this.interrupt();
    for (const turn of turns) {
      const role = turn.role === 'model' ? 'model' : 'user';
      this.memory.add(role, textOf(turn));
      if (role === 'user') for (const line of textOf(turn).split('\n')) this.learn(line);
    }
    if (!complete) return;
    this.begun = true;
    this.seeding = false;
    if (seeding) this.memory.settle();
    else this.ask({ text: this.memory.takeOpen(), from: this.progress.current });
  }

  /** Functions and built-in tools from now on. */
  declare(tools: readonly DeclaredFunction[], builtIn: readonly BuiltInTool[]): void {
    this.memory.tools = tools;
    this.memory.builtIn = builtIn;
  }

  /** `toolResponse`. @throws Refusal for one that the service cannot place at all */
  toolResponse(responses: readonly FunctionResponse[]): void {
    const { traits, route } = this.config;
    const bad = responses.some(
      ({ id, scheduling }) => (!id && route.backend === 'gemini') || (scheduling && !traits.scheduling),
    );
    if (bad || responses.length === 0) throw new Refusal(closes.invalidArgument());
    for (const response of responses) {
      const { outcome, late } = this.desk.take(response);
      if (outcome === 'taken') {
        addTokens(this.memory.context, { TEXT: textTokens(JSON.stringify(response.response ?? {})) });
      }
      this.world.answered(response, outcome);
      if (late) this.conclude(late);
    }
  }

  /** After each message: tells a client with transparent resumption now and then what need not be kept any more. */
  handled(): void {
    const { config, world } = this;
    if (!config.transparent || this.turn || this.ended) return;
    if (this.consumed() - this.toldIndex >= MESSAGES_PER_UPDATE) world.send(this.handle());
  }

  /** Stops everything without another word. */
  end(): void {
    this.ended = true;
    this.waiting.length = 0;
    this.turn?.stop();
    this.turn = undefined;
  }

  handle(): LiveServerMessage {
    return this.handleUpTo(this.consumed());
  }

  /** A handle at any time, even while the model speaks: then it does not remember what is being answered. */
  handleNow(): LiveServerMessage {
    return this.handleUpTo(Math.min(this.consumed(), (this.turn?.user.from ?? Infinity) - 1));
  }

  private handleUpTo(index: number): LiveServerMessage {
    const handle = this.world.save(this.memory);
    if (!this.config.transparent) return frames.resumption(handle);
    this.toldIndex = index;
    return frames.resumption(handle, this.toldIndex);
  }

  completeOnWire({ speaker: { said }, grounding }: ModelTurn): void {
    const { memory, config, world } = this;
    const { backend } = config.route;
    const answer = noTokens();
    addTokens(answer, { TEXT: textTokens(said.text), AUDIO: audioTokens(said.audioMs) });
    const reason = world.faults.emptyTurnReason;
    const usage = usageMetadata(memory.context, answer, backend);
    world.send(frames.turnComplete(usage, backend, said.text === '' ? reason : undefined, grounding));
    addTokens(memory.context, answer);
    if (config.resumption) world.send(this.handle());
  }

  private learn(text: string | undefined): void {
    if (text?.trim()) this.world.mind.learn?.(text, this.memory.facts);
  }

  private conclude({ results, scheduling }: LateAnswers): void {
    if (scheduling === 'SILENT') return;
    if (scheduling === 'INTERRUPT') this.interrupt();
    this.ask({ results, from: this.progress.current });
  }

  private ask(user: UserTurn): void {
    this.begun = true;
    this.waiting.push(user);
    this.next();
  }

  private next(): void {
    if (this.turn || this.ended) return;
    const user = this.waiting.shift();
    if (!user || !this.world.mayAnswer()) return;
    const turn = new ModelTurn(this, user, ++this.turns);
    this.turn = turn;
    turn.run().then((done) => {
      if (done && this.turn === turn) this.complete(turn);
    }, this.world.failed);
  }

  private interrupt(): void {
    const { turn, world } = this;
    if (!turn) return;
    const ids = this.desk.cancel();
    if (ids.length > 0) world.send({ toolCallCancellation: { ids } });
    turn.stop();
    if (turn.onWire) world.send(frames.interrupted());
    this.complete(turn);
  }

  /** Ends the turn on the wire and in memory, and goes on with whoever waited. */
  private complete(turn: ModelTurn): void {
    const { config, world, memory } = this;
    if (turn.onWire) this.completeOnWire(turn);
    if (config.traits.background && memory.calls.size === 0) world.send(frames.status('IDLE'));
    this.turn = undefined;
    world.turnCompleted();
    this.next();
  }

  /** Index of the last message that the conversation remembers: not those that still wait to be answered. */
  private consumed(): number {
    const { handled, speakingSince } = this.progress;
    const pending = [speakingSince(), ...this.waiting.map(({ from }) => from)].flatMap(
      (index) => index ?? [],
    );
    return Math.min(handled, ...pending.map((index) => index - 1));
  }
}
