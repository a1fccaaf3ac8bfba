import type { Writable } from 'node:stream';
import {
  clientContent,
  fitClientContent,
  isObject,
  profileFor,
  realtimeInput,
  toolResponse,
  type FunctionResponse,
  type LiveClientMessage,
  type ModelProfile,
  type TurnsInput,
} from '../protocol';
import { LiveError } from './errors';
import type { SayOptions } from './say';
import { SessionCore } from './session-core';

/**
 * A spoken (or written) conversation with the Live API.
 *
 * ```ts
 * const session = new LiveSession({ endpoint: { backend: 'gemini', apiKey }, config });
 * session.on('audio', ({ handle }) => speaker.play(handle));
 * await session.connect();
 * microphone.pipe(session.audio);
 * ```
 *
 * What is sent while there is no connection waits, within the bounds of the lanes. A connection that ends is replaced by
 * the next, see `options.recovery`: with `config.sessionResumption` the service resumes the conversation, otherwise, or
 * when it will not, it is told what was said; `restored` says which. The session is `failed` when trying again cannot help,
 * and `closed` when either side said goodbye; `connect()` then takes the conversation up again. While it is `asleep` it has
 * no connection and costs nothing; what wakes it is in `options.sleep`, and every message does.
 */
export class LiveSession extends SessionCore {
  /** The history that `historyConfig` announces has been told. */
  private historyTold = false;

  protected override get self(): this {
    return this;
  }

  /** The model is answering, or its answer is still being played. */
  get busy(): boolean {
    return this.flow.turns.busy;
  }

  /** The user's activity has begun and has not ended: somebody speaks, or the button of push to talk is held. */
  get inActivity(): boolean {
    return this.flow.listening.active;
  }

  /** PCM16 mono at 16 kHz, in chunks of any size. Never blocks: what cannot be sent in time is dropped and counted. */
  get audio(): Writable {
    return this.flow.inputs.audio;
  }

  /** One picture (JPEG or PNG) per chunk; only the latest is sent. */
  get video(): Writable {
    return this.flow.inputs.video;
  }

  /**
   * Marks the begin of the user's activity, in order with the audio: with turn detection by push to talk, or where the
   * configuration turns the service's own detection off. Nothing where this machine detects it.
   */
  activityStart(): void {
    this.stir();
    this.flow.listening.activityStart();
  }

  /** Marks the end of the user's activity. In order with the audio. */
  activityEnd(): void {
    this.flow.listening.activityEnd();
  }

  /**
   * Tells that the microphone pauses, so that nobody waits for the rest: speech that this machine detects is over, and the
   * service is told where it listens itself. In order with the audio.
   */
  audioStreamEnd(): void {
    this.flow.listening.audioStreamEnd();
  }

  /**
   * Says something in writing. It is sent in the way the model accepts in mid-session.
   *
   * @throws LiveError `BAD_INPUT`, `QUEUE_FULL`
   */
  sendText(text: string): void {
    if (typeof text !== 'string' || text === '')
      throw new LiveError('BAD_INPUT', 'A text to send must not be empty');
    if (!this.profile.inputs.includes('text'))
      throw new LiveError('BAD_INPUT', `${this.profile.name} listens only: it takes no text`);
    this.encoded(() => this.flow.sendText(text));
    this.stir();
  }

  /**
   * Has something announced: the model is asked to say it now, word for word. It waits while a turn runs and while
   * there is no connection; one that loses its connection is asked for again. The turn tells it as `say`.
   *
   * @param options.priority interrupt what runs.
   * @throws LiveError `BAD_INPUT`, `QUEUE_FULL`
   */
  say(text: string, options: SayOptions = {}): void {
    this.encoded(() => this.flow.announcer.say(text, options));
    this.stir();
  }

  /**
   * Sends turns of a conversation as they are; some models accept them only at the beginning.
   *
   * @param turnComplete whether the model is to answer now.
   * @throws LiveError `BAD_INPUT`, `QUEUE_FULL`
   */
  sendContent(turns: TurnsInput | undefined, turnComplete = true): void {
    const encoded = this.encoded(() => clientContent({ turns, turnComplete }, this.backend));
    const history = this.historyDue;
    const { warnings, ...message } = fitClientContent(this.profile, encoded.clientContent ?? {}, {
      midSession: this.flow.turns.lastTurn > 0,
      history,
    });
    this.flow.fits.tell(warnings);
    if (Object.keys(message).length === 0) return;
    if (turnComplete) this.historyTold = true;
    // A history is not answered.
    if (!turnComplete || history) return this.control(message);
    const last = message.clientContent?.turns?.at(-1);
    const said = last?.role === 'model' ? '' : (last?.parts ?? []).map((part) => part.text ?? '').join('');
    const text = message.realtimeInput?.text ?? said;
    this.encoded(() =>
      this.flow.ask(message, () => {
        if (text) this.flow.turns.typed(text);
      }),
    );
    this.stir();
  }

  /**
   * Answers function calls; each becomes a `tool-result` event. Only the first answer to a call is sent, and none to a
   * call that the service has cancelled, does not know, or has lost, or that took too long. Without a connection it waits.
   *
   * @throws LiveError `BAD_INPUT`, `QUEUE_FULL`
   */
  respond(functionResponses: FunctionResponse | FunctionResponse[]): void {
    const { toolResponse: answers } = this.encoded(() => toolResponse({ functionResponses }, this.backend));
    this.encoded(() => this.flow.tools.answer(answers?.functionResponses ?? []));
  }

  /**
   * Silences the answer here at once and drops the rest of it. Where the service's own activity detection is off,
   * an empty activity tells the service as well.
   */
  interrupt(): void {
    this.flow.turns.interruptLocally();
    this.flow.eyes.hush();
    const manual = this.options.config?.realtimeInputConfig?.automaticActivityDetection?.disabled === true;
    if (!manual || this.inActivity || !this.usable) return;
    // Nothing is said in it, so no answer is owed.
    this.flow.lanes.sendMarker(realtimeInput({ activityStart: {} }));
    this.flow.lanes.sendMarker(realtimeInput({ activityEnd: {} }));
  }

  /**
   * Sends one client message as it is.
   *
   * @throws LiveError `BAD_INPUT`, `QUEUE_FULL`
   */
  sendRaw(message: LiveClientMessage): void {
    if (!isObject(message) || Object.keys(message).length !== 1) {
      throw new LiveError(
        'BAD_INPUT',
        'A raw message must be an object with exactly one field, such as clientContent',
      );
    }
    this.control(message);
    this.stir();
  }

  /** How far a sink that has no handle has played (ms), for the given or the current turn. */
  reportPlayed(ms: number, turn?: number): void {
    this.flow.turns.reportPlayed(ms, turn);
  }

  private get profile(): ModelProfile {
    return profileFor(this.model);
  }

  /** The next complete content is the history of the conversation, and starts nothing. */
  private get historyDue(): boolean {
    const { config, rawSetup } = this.options;
    const announced = rawSetup?.historyConfig ?? config?.historyConfig;
    return (
      Boolean(announced?.initialHistoryInClientContent) && !this.historyTold && this.flow.turns.lastTurn === 0
    );
  }

  private get backend(): 'gemini' | 'vertex' {
    return this.options.endpoint.backend === 'vertex' ? 'vertex' : 'gemini';
  }

  private control(message: LiveClientMessage): void {
    if (this.encoded(() => this.flow.lanes.sendControl(message))) return;
    throw new LiveError('QUEUE_FULL', 'Too many messages wait to be sent', {
      advice: 'Connect the session, or wait until the connection takes what is queued.',
    });
  }

  private encoded<T>(encode: () => T): T {
    try {
      return encode();
    } catch (error) {
      if (error instanceof LiveError) throw error;
      throw new LiveError('BAD_INPUT', error instanceof Error ? error.message : String(error));
    }
  }
}
