import type { Content, LiveServerMessage } from '../protocol';
import { answerSteps, wordPieces } from './answer';
import { closes } from './closes';
import { Refusal } from './client-message';
import type { Clock } from './clock';
import { frames } from './frames';
import type { Memory } from './memory';
import type { DeclaredFunction, Ears, Hearing, Mind, Phrase, Reply, Speech, Voice } from './parts';
import { textOf, type SessionConfig } from './setup';
import { Speaker } from './speaker';
import { addTokens, audioTokens, noTokens, textTokens, usageMetadata } from './tokens';
import type { TurnTakerListener } from './turn-taker';
import { LISTEN_RATE } from './vad';

/** What a conversation needs from the world around it. */
export interface ConversationWorld {
  readonly ears: Ears;
  readonly mind: Mind;
  readonly voice: Voice;
  readonly phrases: readonly Phrase[];
  readonly clock: Clock;
  readonly random: () => number;
  /** Seconds of sound generated per second. */
  readonly generationSpeed: number;
  send(message: LiveServerMessage): void;
  heard(hearing: Hearing): void;
  replied(text: string, source: Speech['source']): void;
  /** A part threw. The connection ends with it. */
  failed(error: unknown): void;
  turnCompleted(): void;
  /** Keeps the conversation as it is. @returns the handle to it */
  save(memory: Memory): string;
}

type UserTurn = { readonly pcm: Int16Array } | { readonly text: string };

interface ModelTurn {
  readonly abort: AbortController;
  speaker: Speaker;
}

const NO_SPEECH: Speech = { pcm: new Int16Array(0), source: 'none' };

/** What stands in the transcript for speech that the ears did not recognise. */
const UNCLEAR = '(not recognised)';

/** Turn by turn: user says something, model answers, unless it is interrupted. */
export class Conversation implements TurnTakerListener {
  private turn: ModelTurn | undefined;
  private readonly waiting: UserTurn[] = [];
  private ended = false;
  private begun = false;
  private seeding: boolean;
  private tools: readonly DeclaredFunction[];

  constructor(
    private readonly config: SessionConfig,
    private readonly memory: Memory,
    private readonly world: ConversationWorld,
  ) {
    this.tools = config.tools;
    this.seeding = config.seedsHistory;
    if (config.handle === undefined) {
      addTokens(memory.context, { TEXT: textTokens(config.instructions + JSON.stringify(config.tools)) });
    }
  }

  activityStarted(): void {
    this.begun = true;
    if (this.config.bargeIn) this.interrupt();
  }

  utterance(pcm: Int16Array): void {
    addTokens(this.memory.context, { AUDIO: audioTokens((pcm.length / LISTEN_RATE) * 1000) });
    this.memory.takeOpen();
    this.ask({ pcm });
  }

  /** `realtimeInput.text`: a user turn as if it had been spoken. A blank one only asks for an answer. */
  text(text: string): void {
    this.activityStarted();
    this.memory.add('user', text);
    this.ask({ text: this.memory.takeOpen() });
  }

  /** A frame of video counts, but the local server is blind. */
  video(tokens: number): void {
    this.begun = true;
    addTokens(this.memory.context, { VIDEO: tokens });
  }

  /**
   * `clientContent`: interrupts always; answers when `complete`.
   * @throws Refusal in mid-session on models that take it only at the beginning
   */
  content(turns: readonly Content[], complete: boolean): void {
    if (this.begun && !this.config.traits.contentMidSession) throw new Refusal(closes.invalidArgument());
    const seeding = this.seeding;
    const isFunction = turns.some((turn) => turn.parts?.some((p) => p.functionCall ?? p.functionResponse));
    if (seeding && isFunction) throw new Refusal(closes.invalidArgument());
    this.interrupt();
    for (const turn of turns) this.memory.add(turn.role === 'model' ? 'model' : 'user', textOf(turn));
    if (!complete) return;
    this.begun = true;
    this.seeding = false;
    if (!seeding) this.ask({ text: this.memory.takeOpen() });
  }

  /** `contextUpdate`: other functions from now on. */
  declare(tools: readonly DeclaredFunction[]): void {
    this.tools = tools;
  }

  /** Stops everything without another word. */
  end(): void {
    this.ended = true;
    this.waiting.length = 0;
    this.turn?.abort.abort();
    this.turn = undefined;
  }

  private ask(user: UserTurn): void {
    this.begun = true;
    this.waiting.push(user);
    this.next();
  }

  private next(): void {
    if (this.turn || this.ended) return;
    const user = this.waiting.shift();
    if (!user) return;
    const { clock, generationSpeed, send, failed } = this.world;
    const turn = { abort: new AbortController(), speaker: new Speaker(clock, generationSpeed, send) };
    this.turn = turn;
    this.run(user, turn).catch(failed);
  }

  private async run(user: UserTurn, { abort: { signal }, speaker }: ModelTurn): Promise<void> {
    const { world, config } = this;
    const hearing = await this.listen(user);
    if (signal.aborted) return;
    if ('pcm' in user) this.transcribe(hearing);
    const text = (await this.think(hearing)).say.trim();
    if (signal.aborted) return;
    const speech = config.modality === 'TEXT' ? NO_SPEECH : await world.voice.speak(text);
    if (signal.aborted) return;
    world.replied(text, speech.source);
    const answer = { text, speech, thought: thoughtAbout(hearing) };
    if (!(await speaker.speak(answerSteps(answer, config, world.random), signal))) return;
    speaker.said.text = text;
    world.send(frames.generationComplete());
    if (await speaker.played(signal)) this.complete(speaker);
  }

  private async listen(user: UserTurn): Promise<Hearing> {
    const hearing: Hearing =
      'pcm' in user
        ? await this.world.ears.hear(user.pcm, this.world.phrases)
        : { text: user.text, score: 0, accepted: true, recognizer: 'text' };
    if ('pcm' in user) addTokens(this.memory.context, { TEXT: textTokens(hearing.text) });
    this.world.heard(hearing);
    return hearing;
  }

  private transcribe(hearing: Hearing): void {
    if (!this.config.transcribeInput) return;
    const text = hearing.accepted ? hearing.text : UNCLEAR;
    for (const piece of wordPieces(` ${text}`)) this.world.send(frames.inputTranscription(piece));
    if (this.config.route.backend === 'vertex') this.world.send(frames.inputFinished());
  }

  private async think(hearing: Hearing): Promise<Reply> {
    return this.world.mind.reply({
      text: hearing.text,
      ...(hearing.recognizer === 'text' ? {} : { hearing }),
      memory: this.memory.facts,
      tools: this.tools,
      now: new Date(),
    });
  }

  private interrupt(): void {
    if (!this.turn) return;
    this.turn.abort.abort();
    this.world.send(frames.interrupted());
    this.complete(this.turn.speaker);
  }

  /** Ends the turn on the wire and in memory, and goes on with whoever waited. */
  private complete({ said }: Speaker): void {
    const { memory, config, world } = this;
    const answer = noTokens();
    addTokens(answer, { TEXT: textTokens(said.text), AUDIO: audioTokens(said.audioMs) });
    world.send(
      frames.turnComplete(usageMetadata(memory.context, answer, config.route.backend), config.route.backend),
    );
    addTokens(memory.context, answer);
    if (config.resumption) world.send(frames.resumption(world.save(memory)));
    this.turn = undefined;
    world.turnCompleted();
    this.next();
  }
}

/** The local server has no thoughts; it shows what its rules work on, in the form real ones have. */
function thoughtAbout(hearing: Hearing): string {
  const heard = hearing.accepted ? `"${hearing.text}"` : 'something that is on no list';
  const how = hearing.recognizer === 'text' ? 'The user wrote' : 'I heard';
  return `**Looking Up The Rules**\n\n${how} ${heard}. I answer with the rule of my scenario that fits.`;
}
