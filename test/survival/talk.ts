import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveSession, type LiveSessionOptions, type TurnEvent } from '../../src/live';
import {
  HandleStore,
  startServer,
  toneVoice,
  type LocalLiveServer,
  type ServerOptions,
} from '../../src/server';
import { Random } from '../support/random';
import { Account } from './account';
import { Speech, toneEars } from './speech';

/** Speed of the server's time. */
const CLOCK = 50;
/** What is said aloud, in the words of the assistant, and what it answers. */
const SPOKEN: ReadonlyArray<readonly [phrase: string, answer: RegExp]> = [
  ['who are you', /local rehearsal server/],
  ['are you a real person', /small set of rules/],
  ['count to ten', /nine, ten/],
  ['what did i tell you to remember', /You told me to remember this/],
];
const FACT = 'the blue key';
const TOOL = { name: 'set_thermostat', parameters: { type: 'OBJECT', properties: {} } };
/** Longest wait for an answer, whatever happened (ms). */
const PATIENCE_MS = 60_000;

/** Recovery as in real life, with pauses that a test can wait for. */
const RECOVERY = {
  firstDelayMs: 5,
  maxDelayMs: 100,
  poisonMs: 1500,
  handoverMarginMs: 200,
  maxAttempts: 50,
  deadPeerMs: 0,
} as const;

/** How a {@link Talk} is to be. */
export interface TalkOptions {
  seed: number;
  session?: Partial<LiveSessionOptions>;
  /** Speak the dialect of Vertex AI. */
  vertex?: boolean;
  server?: ServerOptions;
}

/**
 * A conversation with the local server that goes on whatever happens to its connection: it remembers a fact, says things
 * in writing and aloud, has a function called, and waits for the answer to each of them.
 */
export class Talk {
  readonly random: Random;
  readonly speech = new Speech();
  readonly account = new Account();
  readonly restored: boolean[] = [];
  readonly session: LiveSession;
  /** All that was written. */
  readonly written: string[] = [];
  /** Utterances that were answered. */
  answered = 0;
  private handles = new HandleStore();
  private topic = 0;
  private readonly turns: TurnEvent[] = [];

  private constructor(
    private readonly options: TalkOptions,
    public server: LocalLiveServer,
  ) {
    this.random = new Random(options.seed);
    this.session = new LiveSession({
      endpoint: options.vertex
        ? { backend: 'vertex', baseUrl: server.url, project: 'p', location: 'l', token: 't' }
        : { backend: 'local', baseUrl: server.url },
      recovery: RECOVERY,
      ...options.session,
      config: {
        responseModalities: ['AUDIO'],
        sessionResumption: {},
        inputAudioTranscription: {},
        outputAudioTranscription: {},
        tools: [{ functionDeclarations: [TOOL] }],
        ...options.session?.config,
      },
    });
    const { session } = this;
    session.on('turn', (turn) => this.turns.push(turn));
    session.on('restored', ({ stateRestored }) => this.restored.push(stateRestored));
    session.on('tool-call', ({ id, name, args }) => {
      this.account.called(id);
      // A function takes its time: the connection may be lost while it runs.
      setTimeout(() => session.respond({ id, name, response: { ok: true, ...args } }), this.random.below(30));
    });
    session.on('tool-result', ({ id, outcome }) => this.account.settled(id, outcome));
  }

  static async start(options: TalkOptions): Promise<Talk> {
    const handles = new HandleStore();
    const talk = new Talk(options, await serve({ ...options.server, handles }));
    talk.handles = handles;
    talk.account.watch(talk.server);
    await talk.session.connect();
    await talk.ask(`remember that ${FACT}`, /I will remember/);
    return talk;
  }

  /** The server ends and another one begins at the same port. @param forgetful without what was behind the handles */
  async restartServer(forgetful = false): Promise<void> {
    const { port } = this.server;
    await this.server.close();
    if (forgetful) this.handles = new HandleStore();
    this.server = await serve({ ...this.options.server, port, handles: this.handles });
    this.account.watch(this.server);
  }

  /** Says something, in one of the ways there are, and waits for its answer while something happens. */
  async exchange(trouble: () => void | Promise<void> = () => {}): Promise<void> {
    const [answer] = await Promise.all([this.saySomething(), this.atSomeMoment(trouble)]);
    await answer;
  }

  /** The fact of the beginning is still known. */
  recall(): Promise<void> {
    return this.ask('what do you remember', new RegExp(`remember this: ${FACT}`));
  }

  async ask(text: string, answer: RegExp): Promise<void> {
    const from = this.turns.length;
    this.session.sendText(text);
    this.written.push(text);
    await this.heard(text, answer, from);
  }

  async close(): Promise<void> {
    await this.session.close();
    await this.server.close();
  }

  /** While an exchange is under way: at once, in mid-sentence, or when the answer is nearly over. */
  private async atSomeMoment(trouble: () => void | Promise<void>): Promise<void> {
    await sleep(this.random.below(120));
    await trouble();
  }

  private saySomething(): Promise<void> {
    const topic = this.topic++;
    switch (topic % 4) {
      case 0: {
        const name = `${letter(topic)}${letter(topic >> 3)}ka`;
        return this.ask(`my name is ${name}`, new RegExp(`Nice to meet you, ${name}`, 'i'));
      }
      case 1: {
        const degrees = 15 + (topic % 13);
        return this.ask(`set the thermostat to ${degrees} degrees`, new RegExp(`set to ${degrees} degrees`));
      }
      case 2:
        return this.ask('tell me a story', /somebody interrupted it/);
      default:
        return this.sayAloud(topic >> 2);
    }
  }

  private async sayAloud(topic: number): Promise<void> {
    const index = topic % SPOKEN.length;
    const [phrase, answer] = SPOKEN[index]!;
    const from = this.turns.length;
    for (const frame of this.speech.say(index)) {
      this.session.audio.write(frame);
      await sleep(1);
    }
    await this.heard(phrase, answer, from);
  }

  /** A whole turn since then has such an answer. */
  private async heard(question: string, answer: RegExp, from: number): Promise<void> {
    const fits = (): boolean =>
      this.turns.slice(from).some(({ model, incomplete }) => !incomplete && answer.test(model));
    const deadline = Date.now() + PATIENCE_MS;
    while (!fits()) {
      const said = this.turns.slice(from).map(({ model, reason }) => `${reason}: ${model}`);
      assert.ok(
        Date.now() < deadline,
        `"${question}" was not answered; ${this.session.state}; heard since: ${JSON.stringify(said)}`,
      );
      await sleep(5);
    }
    this.answered++;
  }
}

const letter = (number: number): string => 'bdfglmnr'[number & 7]!;

function serve(options: ServerOptions): Promise<LocalLiveServer> {
  return startServer({
    ears: toneEars(SPOKEN.map(([phrase]) => phrase)),
    voice: toneVoice(),
    clock: CLOCK,
    keepJournal: true,
    ...options,
  });
}
