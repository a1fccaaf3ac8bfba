import { SPEAK_RATE, answerSteps, wordPieces } from './answer';
import { codeFrames, groundingFrame, groundingOf, urlFrames } from './built-in-frames';
import type { Clock } from './clock';
import type { Faults, OnTurn } from './faults';
import { frames } from './frames';
import type { Memory, OpenCall } from './memory';
import type { BuiltInUse, CallResult, Ears, Hearing, Mind, Phrase, Reply, Speech, Voice } from './parts';
import type { SessionConfig } from './setup';
import { Speaker } from './speaker';
import { addTokens, textTokens } from './tokens';
import { callOnWire, type ToolDesk } from './tool-desk';
import type { GroundingMetadata, LiveServerMessage } from '../protocol';

/** What is to be answered: speech, writing, or what a function gave that nobody waited for. */
export type UserTurn = (
  { readonly pcm: Int16Array } | { readonly text: string } | { readonly results: readonly CallResult[] }
) & {
  /** Index of the first client message that belongs to it. */
  readonly from: number;
};

/** What a turn needs from the world around it. */
export interface TurnWorld {
  readonly ears: Ears;
  readonly mind: Mind;
  readonly voice: Voice;
  readonly phrases: readonly Phrase[];
  readonly clock: Clock;
  readonly random: () => number;
  /** Seconds of sound generated per second. */
  readonly generationSpeed: number;
  readonly faults: Readonly<Faults>;
  send(message: LiveServerMessage): void;
  heard(hearing: Hearing): void;
  replied(text: string, source: Speech['source']): void;
  called(call: OpenCall): void;
}

/** The conversation that a turn belongs to. */
export interface TurnContext {
  readonly config: SessionConfig;
  readonly memory: Memory;
  readonly desk: ToolDesk;
  readonly world: TurnWorld;
  /** Sends `turnComplete` for what was said so far. */
  completeOnWire(turn: ModelTurn): void;
  /** Keeps the conversation as it is. @returns the frame with the handle */
  handle(): LiveServerMessage;
}

const NO_SPEECH: Speech = { pcm: new Int16Array(0), source: 'none' };

/** What stands in the transcript for speech that the ears did not recognise. */
const UNCLEAR = '(not recognised)';

/** A mind that calls functions for ever is stopped after this many rounds. */
const MOST_ROUNDS = 5;

/** One answer of the model: understands, thinks, calls functions, speaks. */
export class ModelTurn {
  /** False between the two turns of a tool round on Vertex AI: there is nothing to interrupt. */
  onWire = true;
  /** What the answer is grounded in, if that goes with `turnComplete`. */
  grounding: GroundingMetadata = {};
  speaker: Speaker;
  private readonly abort = new AbortController();

  /** @param number of the turn on this connection, counted from 1 */
  constructor(
    private readonly context: TurnContext,
    readonly user: UserTurn,
    private readonly number: number,
  ) {
    this.speaker = this.newSpeaker();
  }

  /** Ends it wherever it is, without another word. */
  stop(): void {
    this.abort.abort();
  }

  /** @returns whether it came to its end; then `turnComplete` is due */
  async run(): Promise<boolean> {
    const { config, desk, world } = this.context;
    const { signal } = this.abort;
    if (config.traits.background) world.send(frames.status('IN_PROGRESS'));
    const hearing = await this.listen();
    if (signal.aborted) return false;
    if ('pcm' in this.user) this.transcribe(hearing);
    let results = 'results' in this.user ? this.user.results : undefined;
    const mute = !config.traits.answers || this.has(world.faults.emptyTurn);
    for (let round = 0; round < MOST_ROUNDS && !mute; round++) {
      const reply = await this.think(hearing, results);
      if (signal.aborted) return false;
      const calls = desk.make(reply.calls ?? [], hearing.text);
      const blocking = calls.filter((call) => call.blocking);
      const meanwhile = calls.length > 0 && blocking.length === 0;
      if (meanwhile) this.call(calls);
      const text = reply.say.trim();
      const about = results || meanwhile ? undefined : hearing;
      this.show(codeFrames(reply.used ?? {}, config.route.backend));
      if ((text || calls.length === 0) && !(await this.speak(text, about))) return false;
      if (reply.used) this.cite(reply.used, text);
      if (blocking.length === 0) break;
      this.call(calls);
      results = await this.wait(blocking);
      if (!results) return false;
    }
    world.send(frames.generationComplete());
    return this.speaker.played(signal);
  }

  private async listen(): Promise<Hearing> {
    const { world, memory } = this.context;
    const { user } = this;
    const phrases = [...world.phrases, ...(world.mind.expects?.(memory.facts) ?? [])];
    if ('results' in user) {
      return { text: user.results[0]?.text ?? '', score: 0, accepted: true, recognizer: 'text' };
    }
    const hearing: Hearing =
      'pcm' in user
        ? await world.ears.hear(user.pcm, phrases)
        : { text: user.text, score: 0, accepted: true, recognizer: 'text' };
    if ('pcm' in user) addTokens(memory.context, { TEXT: textTokens(hearing.text) });
    world.heard(hearing);
    return hearing;
  }

  private transcribe(hearing: Hearing): void {
    const { config, world } = this.context;
    if (!config.transcribeInput && config.traits.answers) return;
    const pieces = wordPieces(` ${hearing.accepted ? hearing.text : UNCLEAR}`);
    if (config.interim) {
      world.send(frames.interimTranscription(pieces.slice(0, Math.ceil(pieces.length / 2)).join('')));
    }
    for (const piece of pieces) world.send(frames.inputTranscription(piece));
    if (config.route.backend === 'vertex') world.send(frames.inputFinished());
  }

  private async think(hearing: Hearing, results?: readonly CallResult[]): Promise<Reply> {
    const { memory, world } = this.context;
    return world.mind.reply({
      text: hearing.text,
      ...(hearing.recognizer === 'text' ? {} : { hearing }),
      memory: memory.facts,
      tools: memory.tools,
      builtIn: memory.builtIn,
      ...(memory.picture ? { picture: memory.picture } : {}),
      now: new Date(),
      ...(results ? { results } : {}),
      ...('results' in this.user && results === this.user.results ? { late: true } : {}),
    });
  }

  /** @param about what a thought is shown about @returns false when it was stopped */
  private async speak(text: string, about: Hearing | undefined): Promise<boolean> {
    const { config, world } = this.context;
    const { signal } = this.abort;
    const speech = config.modality === 'TEXT' ? NO_SPEECH : this.spoilt(await world.voice.speak(text));
    if (signal.aborted) return false;
    world.replied(text, speech.source);
    const before = this.speaker.said.text;
    const words = config.modality === 'TEXT' ? text : aloud(text);
    const written = before === '' ? words : ` ${words}`;
    const answer = { text: written, speech, ...(about ? { thought: thoughtAbout(about) } : {}) };
    if (!(await this.speaker.speak(answerSteps(answer, config, world.random), signal))) return false;
    this.speaker.said.text = before + written;
    return true;
  }

  private show(messages: Iterable<LiveServerMessage>): void {
    for (const message of messages) this.context.world.send(message);
  }

  /** Tells where the answer comes from. */
  private cite(use: BuiltInUse, text: string): void {
    this.show(urlFrames(use));
    const grounding = groundingOf(use, text);
    if (!grounding) return;
    if (this.context.config.route.backend === 'vertex') this.grounding = grounding;
    else this.show([groundingFrame(grounding)]);
  }

  private call(calls: readonly OpenCall[]): void {
    const { config, desk, world } = this.context;
    const functionCalls = calls.map(callOnWire);
    desk.open(calls);
    if (world.faults.callInModelTurn) {
      world.send({
        serverContent: { modelTurn: { parts: functionCalls.map((functionCall) => ({ functionCall })) } },
      });
    }
    if (config.traits.order === 'combined' && config.route.backend === 'gemini')
      world.send({ serverContent: {} });
    world.send({ toolCall: { functionCalls } });
    if (world.faults.duplicateToolCall) world.send({ toolCall: { functionCalls } });
    for (const call of calls) world.called(call);
  }

  /** Is silent until every call is answered. @returns nothing when it was interrupted */
  private async wait(calls: readonly OpenCall[]): Promise<CallResult[] | undefined> {
    const { config, desk, world } = this.context;
    if (config.route.backend === 'vertex') {
      world.send(frames.generationComplete());
      this.context.completeOnWire(this);
      this.onWire = false;
      this.speaker = this.newSpeaker();
    } else if (config.resumption) world.send(frames.notResumable());
    const results = await desk.answers(calls, this.abort.signal);
    this.onWire = true;
    if (!results) return undefined;
    if (config.traits.handleAfterTool) world.send(this.context.handle());
    if (world.faults.noAnswerAfterTool) await aborted(this.abort.signal);
    return this.abort.signal.aborted ? undefined : results;
  }

  private spoilt(speech: Speech): Speech {
    const { faults } = this.context.world;
    const { length } = speech.pcm;
    if (this.has(faults.silentAudio)) return { ...speech, pcm: new Int16Array(length) };
    return this.has(faults.toneAudio) ? { ...speech, pcm: tone(length) } : speech;
  }

  private has(fault: OnTurn | undefined): boolean {
    return fault === true || fault === this.number;
  }

  private newSpeaker(): Speaker {
    const { clock, generationSpeed, send } = this.context.world;
    return new Speaker(clock, generationSpeed, send);
  }
}

/** The local server has no thoughts; it shows what its rules work on, in the form real ones have. */
function thoughtAbout(hearing: Hearing): string {
  const heard = hearing.accepted ? `"${hearing.text}"` : 'something that is on no list';
  const how = hearing.recognizer === 'text' ? 'The user wrote' : 'I heard';
  return `**Looking Up The Rules**\n\n${how} ${heard}. I answer with the rule of my scenario that fits.`;
}

/** What is heard of a text: the transcript of "<nothing>" has no brackets. */
const aloud = (text: string): string => /^<([^<>]+)>$/.exec(text)?.[1] ?? text;

/** The sound of a broken vocoder. */
function tone(samples: number): Int16Array {
  return Int16Array.from(
    { length: samples },
    (_, i) => 8000 * Math.sin((2 * Math.PI * 440 * i) / SPEAK_RATE),
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
