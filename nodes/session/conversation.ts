import {
  LiveSession,
  type ContextChange,
  type Recorder,
  type SleepOptions,
  type ToolOutcome,
  type TurnDetectionOptions,
  type WatchingOptions,
} from '../../src/live';
import { EchoGuard, type EchoMode, type MediaHandle } from '../../src/media';
import type { FunctionResponse } from '../../src/protocol';
import type { Endpoint } from '../config/endpoint';
import type { Prepared } from '../config/prepare';
import type { LiveService } from '../config/runtime';
import { asError, NodeError, report } from '../shared/errors';
import { within } from '../shared/handles';
import type { Offer } from '../shared/registry';
import { codeText, type StatusLine } from '../shared/status';
import type { Message, RedNode } from '../shared/types';
import type { Memory } from './memory';
import { forward, HearingAid } from './outputs';
import type { PageNews } from './page-news';
import { recorderFor, reportFailures } from './reports';
import { showStates } from './states';
import { SessionTools, type Tools } from './tools';
import { Uplink } from './uplink';

/** What the dialog decides about a conversation. */
export interface ConversationOptions {
  partial: boolean;
  realtime: boolean;
  /** What is done against the microphone hearing the answer. */
  echo: EchoMode;
  /** Default: the service decides when the user speaks. */
  turnDetection?: TurnDetectionOptions;
  /** When it sleeps by itself, and what wakes it; default: when it is told to, and a voice. */
  sleep?: SleepOptions;
  /** Comments on pictures that nobody asked for; default: none. */
  watching?: WatchingOptions;
  /** How often the level of the sound is told; default: never. */
  levels?: { everyMs: number };
  /** Every frame goes into this file; absolute. */
  record?: { file: string; audio: boolean };
}

/** Longest wait for a connection to close (ms). */
const CLOSE_MS = 5000;
/**
 * A microphone that is listened to is one message and no other will come: another session is begun for it that long after the
 * service said goodbye, or after its connection could not be had for long (ms).
 */
const AGAIN_MS = { closed: 2000, failed: 60_000 };

/** How a session begins: it connects, it sleeps, or it does what the conversation did when it was left. */
export type Beginning = 'awake' | 'asleep' | 'as before';

/** A session with what hangs on it; it may have many connections after each other. */
interface Held {
  /** Which attempt it came of. */
  attempt: number;
  session: LiveSession;
  endpoint: Endpoint;
  /** Tools beside the functions that nodes declare. */
  tools: Tools;
  /** The raw JSON gives the tools: it wins over every change. */
  fixedTools: boolean;
  recorder?: Recorder;
  /** The flow has ended it, or trying again cannot help: nothing begins by itself after it. */
  final: boolean;
  /** Resolves when it can be used for the first time; rejects when it cannot. */
  ready: Promise<void>;
  over: boolean;
  detach(): void;
}

/**
 * The conversation of one session node: begins when it is needed, goes on where it was when the node comes back, and tells the
 * node's ports what happens. Connections that break are the session's own business.
 */
export class Conversation {
  readonly uplink: Uplink;
  /** Pictures that are shown to it. */
  readonly sights = new Set<MediaHandle>();
  #held: Promise<Held> | undefined;
  #open: Held | undefined;
  /** The last endpoint: it lingers after the end of its session. */
  #endpoint: Endpoint | undefined;
  #topic: string | undefined;
  /** Number of the last attempt to begin. */
  #attempt = 0;
  /** Begins another session for live audio. */
  #again: NodeJS.Timeout | undefined;
  /** Settles when the session before is gone. */
  #closing: Promise<void> = Promise.resolve();
  /** The configuration turns the service's own detection off. */
  #markedByHand = false;
  #closed = false;
  #removed = false;
  #left = false;
  readonly #echo: EchoGuard;
  readonly #hearing = new HearingAid();
  readonly #tools: SessionTools;
  readonly #unwatch: () => void;

  constructor(
    private readonly node: RedNode,
    private readonly service: LiveService,
    private readonly memory: Memory,
    private readonly status: StatusLine,
    private readonly options: ConversationOptions,
    /** The talk pages that hear of it. */
    readonly news: PageNews,
  ) {
    this.#echo = new EchoGuard({ mode: options.echo });
    this.uplink = new Uplink({
      session: () => this.session,
      echo: this.#echo,
      realtime: options.realtime,
    });
    this.#tools = new SessionTools(service.tools, node.id);
    this.#unwatch = service.tools.watch(node.id, {
      functions: () => this.#toolsChanged(),
      policies: () => this.session?.setToolPolicy(this.#tools.policy),
    });
    this.status.show('quiet', service.label);
  }

  /** The node is being closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The session that goes on now, if any. While it connects again, it keeps what it is given, within bounds. */
  get session(): LiveSession | undefined {
    return this.#open?.session;
  }

  /** Whoever talks has to be marked: nobody finds out when it begins and ends. */
  get wantsMarks(): boolean {
    const by = this.options.turnDetection?.by ?? 'model';
    return by === 'push-to-talk' || (by === 'model' && this.#markedByHand);
  }

  /**
   * Begins the conversation, or takes it up, if that is not done.
   *
   * @param cause the message that needs it: its topic goes with all that comes out
   * @param how only a conversation that is not under way begins in this way
   * @throws what keeps it from connecting, each time it is asked
   */
  async connect(cause: Message = {}, how?: Beginning): Promise<LiveSession> {
    const { session, ready } = await this.begin(cause, how);
    await ready;
    return session;
  }

  /** The same, and wakes a session that sleeps. What keeps it from waking is told by its events. */
  async wake(cause: Message): Promise<LiveSession> {
    const session = await this.connect(cause);
    if (session.asleep) await session.wake().catch(() => {});
    return session;
  }

  /**
   * Sends the conversation to sleep. One that has no session begins asleep: from then on what is heard can wake it.
   *
   * @throws what keeps it from being made
   */
  async sleep(cause: Message): Promise<void> {
    const { session } = await this.begin(cause, 'asleep');
    await session.sleep();
  }

  /**
   * The same for what cannot wait until it is connected: the session keeps what it is given until then.
   *
   * @throws what keeps it from being made; `ready` rejects with what keeps it from connecting
   */
  async begin(
    cause: Message,
    how: Beginning = 'awake',
  ): Promise<{ session: LiveSession; ready: Promise<void> }> {
    if (this.#closed) throw new NodeError('NOT_RUNNING', 'The session node is being closed.');
    if (!this.#held) {
      this.#left = false;
      this.#topic = typeof cause.topic === 'string' ? cause.topic : undefined;
      const attempt = (this.#attempt += 1);
      this.#held = this.#establish(attempt, how);
      this.#held.catch(() => this.#forget(attempt));
    }
    const { session, ready } = await this.#held;
    return { session, ready };
  }

  /**
   * Changes instructions or tools of the session that goes on. Functions that nodes declare are not touched.
   *
   * @throws LiveError `BAD_INPUT`
   */
  async change({ tools, ...rest }: ContextChange): Promise<void> {
    const held = this.#open;
    if (!held) return;
    const before = held.tools;
    if (tools) held.tools = tools;
    try {
      await held.session.updateContext({ ...rest, ...(tools && { tools: this.#tools.with(held.tools) }) });
    } catch (error) {
      // Else they would spoil every later change, too.
      held.tools = before;
      throw error;
    }
  }

  /**
   * Answers a call of the model. It connects again for one that the conversation still owes, for example since before a deploy.
   *
   * @throws what keeps it from connecting; LiveError `BAD_INPUT`, `QUEUE_FULL`
   */
  async answer(response: FunctionResponse): Promise<ToolOutcome> {
    const owed = (): Promise<boolean> => this.memory.owes(response.id);
    if (!this.#held && (this.#left || !(await owed()))) return 'lost';
    return this.#tools.answer(await this.connect(), response);
  }

  /** Ends the connection; the conversation can go on later. @param left the flow wants it: no answer to a call brings it back */
  disconnect(left = false): Promise<void> {
    this.#left = left;
    clearTimeout(this.#again);
    this.uplink.cancelFiles();
    const held = this.#held;
    if (held) {
      this.#held = undefined;
      this.#closing = this.#shut(held);
    }
    return this.#closing;
  }

  /** Ends everything. @param removed the node does not come back: its conversation is forgotten */
  async close(removed: boolean): Promise<void> {
    this.#closed = true;
    this.#removed = removed;
    this.#unwatch();
    this.uplink.cancel();
    await this.disconnect();
    await this.memory.close(removed);
    // Nobody will look for the conversation at the local server.
    if (removed) await this.#endpoint?.release(true);
  }

  async #shut(establishing: Promise<Held>): Promise<void> {
    const held = await establishing.catch(() => undefined);
    if (!held) return;
    held.final = true;
    await within(CLOSE_MS, held.session.close());
    await this.#over(held);
  }

  /** The next input makes a new attempt, if none has been made meanwhile. */
  #forget(attempt: number): void {
    if (this.#attempt === attempt) this.#held = undefined;
  }

  async #establish(attempt: number, how: Beginning): Promise<Held> {
    clearTimeout(this.#again);
    this.status.show('waiting', this.service.label);
    try {
      // A service refuses to resume while the old connection stands.
      await this.#closing;
      const offer = this.service.tools.offer(this.node.id);
      return await this.#start(attempt, how, await this.service.prepare(offer.functions), offer);
    } catch (error) {
      this.status.show('failed', 'failed', codeText(error));
      throw error;
    }
  }

  async #start(
    attempt: number,
    how: Beginning,
    { endpoint, settings }: Prepared,
    offer: Offer,
  ): Promise<Held> {
    this.#endpoint = endpoint;
    this.#markedByHand = settings.config?.realtimeInputConfig?.automaticActivityDetection?.disabled === true;
    try {
      const { record, turnDetection, sleep, watching, levels } = this.options;
      const resumeFrom = await this.memory.takeUp();
      const recorder = record && recorderFor(this.node, record, this.service.secrets());
      const session = new LiveSession({
        ...settings,
        ...(turnDetection && { turnDetection }),
        ...(sleep && { sleep }),
        ...(watching && { watching }),
        ...(levels && { levels }),
        toolPolicy: this.#tools.policy,
        endpoint: endpoint.connection,
        ...(resumeFrom && { resumeFrom }),
        ...(recorder && { tap: recorder }),
      });
      const detach = this.#hearing.attach(endpoint.server, session.id);
      const held: Held = {
        attempt,
        session,
        endpoint,
        // What nodes declare stands last.
        tools: (settings.config?.tools ?? []).slice(0, offer.functions.length ? -1 : undefined),
        fixedTools: settings.rawSetup?.tools !== undefined,
        recorder,
        detach,
        over: false,
        final: false,
        ready: Promise.resolve(),
      };
      this.#listen(held);
      this.#open = held;
      const sleeps = how === 'asleep' || (how === 'as before' && resumeFrom?.asleepSince !== undefined);
      held.ready = (sleeps ? session.sleep() : session.connect()).catch(async (error: unknown) => {
        // The flow sent it to sleep before it was ready, and may have woken it since.
        if (isClosed(error) && !held.final && !held.over) return;
        held.final ||= isFatal(error);
        await this.#over(held);
        this.status.show('failed', 'failed', codeText(error));
        throw error;
      });
      held.ready.catch(() => {});
      // While it was prepared, an MCP server may have told its tools.
      if (this.service.tools.offer(this.node.id).hash !== offer.hash) this.#toolsChanged();
      return held;
    } catch (error) {
      await endpoint.release(true);
      throw error;
    }
  }

  #listen(held: Held): void {
    const { session, endpoint } = held;
    forward(session, {
      send: (messages) => this.node.send(messages),
      topic: () => this.#topic,
      partial: this.options.partial,
      takeHearing: () => this.#hearing.take(),
    });
    this.#tools.attach(session);
    showStates(session, this.status, endpoint.label);
    this.news.attach(session, endpoint.label);
    session.on('audio', ({ handle }) => this.#echo.watch(handle));
    session.on('watch', ({ type }) => {
      if (type === 'wanted') for (const sight of this.sights) sight.want();
    });
    for (const event of ['turn', 'resumption', 'asleep', 'awake'] as const) {
      session.on(event, () => this.memory.touch(() => session.conversationState()));
    }
    session.on('state', ({ to }) => {
      if (to !== 'closed' && to !== 'failed') return;
      this.#over(held).catch((error: unknown) => report(this.node, error));
      if (!this.#closed) this.#again = setTimeout(() => this.#goOn(held), AGAIN_MS[to]);
    });
    reportFailures(session, this.node, ({ policy }) => (held.final ||= isFatal({ policy })));
  }

  /** A session is over, and live audio goes on. */
  #goOn({ final, attempt }: Held): void {
    if (final || this.#closed || this.#attempt !== attempt || !this.uplink.listening) return;
    this.connect({ topic: this.#topic }).catch((error: unknown) => report(this.node, asError(error)));
  }

  /** A session has ended, by whoever's doing: keeps the conversation, gives everything else back. */
  async #over(held: Held): Promise<void> {
    if (held.over) return;
    held.over = true;
    held.detach();
    this.memory.keep(held.session.conversationState());
    this.#forget(held.attempt);
    this.#open = undefined;
    this.uplink.cancelFiles();
    await held.recorder?.close();
    await held.endpoint.release(this.#removed);
  }

  /** The conversation goes on with the new functions. */
  #toolsChanged(): void {
    const held = this.#open;
    if (!held || this.#closed) return;
    const changing = held.fixedTools
      ? this.disconnect().then(() => this.connect({ topic: this.#topic }, 'as before'))
      : held.session.updateContext({ tools: this.#tools.with(held.tools) });
    changing.catch((error: unknown) => report(this.node, asError(error)));
  }
}

/** Whether somebody has ended the attempt, and nothing went wrong. */
function isClosed(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'CLOSED';
}

/** Whether trying again cannot help. */
function isFatal(error: unknown): boolean {
  return (error as { policy?: unknown } | undefined)?.policy === 'fatal';
}
