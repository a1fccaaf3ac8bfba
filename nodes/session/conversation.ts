import { LiveSession, type ConversationState } from '../../src/live';
import type { Endpoint } from '../config/endpoint';
import type { LiveService } from '../config/runtime';
import { asError, NodeError, report } from '../shared/errors';
import { within } from '../shared/handles';
import { codeText, type StatusLine } from '../shared/status';
import type { Message, RedNode } from '../shared/types';
import { EchoGate } from './echo-gate';
import { drop, keep, takeUp } from './memory';
import { forward, HearingAid } from './outputs';
import { Uplink } from './uplink';

/** What the dialog decides about a conversation. */
export interface ConversationOptions {
  partial: boolean;
  realtime: boolean;
  echoGate: boolean;
}

/** Longest wait for a connection to close (ms). */
const CLOSE_MS = 5000;

/** A connection with what hangs on it. */
interface Connection {
  /** Which attempt it came of. */
  attempt: number;
  session: LiveSession;
  endpoint: Endpoint;
  /** Resolves when it can be used; rejects when it cannot. */
  ready: Promise<void>;
  usable: boolean;
  detach(): void;
}

/**
 * The conversation of one session node: connects when it is needed, goes on where it was when the connection or the node
 * comes back, and tells the node's ports what happens.
 */
export class Conversation {
  readonly uplink: Uplink;
  #connection: Promise<Connection> | undefined;
  #open: Connection | undefined;
  #kept: ConversationState | undefined;
  #topic: string | undefined;
  /** Number of the last attempt to connect. */
  #attempt = 0;
  /** Settles when the connection before is gone. */
  #closing: Promise<void> = Promise.resolve();
  #closed = false;
  #removed = false;
  /** Live audio may connect once more after a connection that had worked was lost. */
  #mayWake = false;
  readonly #gate: EchoGate;
  readonly #hearing = new HearingAid();
  readonly #unwatch: () => void;

  constructor(
    private readonly node: RedNode,
    private readonly service: LiveService,
    private readonly status: StatusLine,
    private readonly options: ConversationOptions,
  ) {
    this.#kept = takeUp(node.id, service.identity);
    this.#gate = new EchoGate(options.echoGate);
    this.uplink = new Uplink({
      session: () => this.session,
      wake: () => this.#wake(),
      gate: this.#gate,
      realtime: options.realtime,
    });
    this.#unwatch = service.tools.watch(node.id, () => this.#toolsChanged());
    this.status.show('quiet', service.label);
  }

  /** The node is being closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The session that is connected now, if any. */
  get session(): LiveSession | undefined {
    return this.#open?.usable ? this.#open.session : undefined;
  }

  /**
   * Connects, if that is not done.
   *
   * @param cause the message that needs it: its topic goes with all that comes out
   * @throws what keeps it from connecting, each time it is asked
   */
  async connect(cause: Message = {}): Promise<LiveSession> {
    if (this.#closed) throw new NodeError('NOT_RUNNING', 'The session node is being closed.');
    if (!this.#connection) {
      this.#topic = typeof cause.topic === 'string' ? cause.topic : undefined;
      const attempt = (this.#attempt += 1);
      this.#connection = this.#establish(attempt);
      this.#connection.catch(() => this.#forget(attempt));
    }
    const { session, ready } = await this.#connection;
    await ready;
    return session;
  }

  /** Ends the connection; the conversation can go on later. What comes meanwhile waits for a new connection. */
  disconnect(): Promise<void> {
    this.#mayWake = false;
    this.uplink.cancelFiles();
    const connection = this.#connection;
    if (connection) {
      this.#connection = undefined;
      this.#closing = this.#shut(connection);
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
    if (removed) drop(this.node.id);
    else if (this.#kept) keep(this.node.id, this.service.identity, this.#kept);
  }

  async #shut(connecting: Promise<Connection>): Promise<void> {
    const connection = await connecting.catch(() => undefined);
    if (!connection) return;
    await within(CLOSE_MS, connection.session.close());
    await this.#over(connection);
  }

  /** The next input makes a new attempt, if none has been made meanwhile. */
  #forget(attempt: number): void {
    if (this.#attempt === attempt) this.#connection = undefined;
  }

  async #establish(attempt: number): Promise<Connection> {
    this.status.show('waiting', this.service.label);
    try {
      // A service refuses to resume while the old connection stands.
      await this.#closing;
      const config = this.service.config();
      const { functions } = this.service.tools.offer(this.node.id);
      if (functions.length) config.tools = [...(config.tools ?? []), { functionDeclarations: functions }];
      const endpoint = await this.service.open();
      return await this.#start(attempt, endpoint, config);
    } catch (error) {
      this.status.show('failed', 'failed', codeText(error));
      throw error;
    }
  }

  async #start(
    attempt: number,
    endpoint: Endpoint,
    config: ReturnType<LiveService['config']>,
  ): Promise<Connection> {
    try {
      const session = new LiveSession({
        endpoint: endpoint.connection,
        model: this.service.model,
        config,
        ...(this.#kept && { resumeFrom: this.#kept }),
      });
      const detach = this.#hearing.attach(endpoint.server, session.id);
      const ready = Promise.resolve();
      const connection: Connection = { attempt, session, endpoint, detach, usable: true, ready };
      this.#listen(connection);
      this.#open = connection;
      connection.ready = session.connect().then(
        () => {
          this.#mayWake = true;
        },
        async (error: unknown) => {
          await this.#over(connection);
          this.status.show('failed', 'failed', codeText(error));
          throw error;
        },
      );
      connection.ready.catch(() => {});
      return connection;
    } catch (error) {
      await endpoint.release(true);
      throw error;
    }
  }

  #listen(connection: Connection): void {
    const { session, endpoint } = connection;
    forward(session, {
      send: (messages) => this.node.send(messages),
      topic: () => this.#topic,
      partial: this.options.partial,
      takeHearing: () => this.#hearing.take(),
    });
    let wasReady = false;
    session.on('state', ({ to }) => {
      if (to === 'ready') {
        wasReady = true;
        this.status.show('ok', endpoint.label);
      }
      if (to === 'closed' || to === 'failed') void this.#over(connection);
    });
    session.on('audio', ({ handle }) => {
      this.#gate.watch(handle);
      this.status.show('busy', endpoint.label);
    });
    session.on('turn', () => this.status.show('ok', endpoint.label));
    session.on('error', (event) => {
      // A connection that never stood is reported to the message that asked for it.
      if (!wasReady) return;
      if (event.policy === 'fatal') this.#mayWake = false;
      const { code, message, advice } = event;
      report(this.node, Object.assign(new Error(message), { code, advice }));
      this.status.show('failed', 'failed', codeText(event));
    });
  }

  /** A connection has ended, by whoever's doing: keeps the conversation, gives everything else back. */
  async #over(connection: Connection): Promise<void> {
    if (!connection.usable) return;
    connection.usable = false;
    connection.detach();
    const state = connection.session.conversationState();
    // A conversation that never began is nothing to take up.
    if (state.handle || state.history.length) this.#kept = state;
    this.#forget(connection.attempt);
    this.#open = undefined;
    this.uplink.cancelFiles();
    if (connection.session.state !== 'failed') this.status.show('quiet', connection.endpoint.label);
    await connection.endpoint.release(this.#removed);
  }

  #wake(): void {
    if (!this.#mayWake || this.#connection || this.#closed) return;
    this.#mayWake = false;
    this.connect({ topic: this.#topic }).catch((error: unknown) => report(this.node, error));
  }

  /** A service takes new tools with the setup only: the conversation goes on in a new connection. */
  #toolsChanged(): void {
    if (!this.#open?.usable || this.#closed) return;
    this.disconnect()
      .then(() => this.connect({ topic: this.#topic }))
      .catch((error: unknown) => report(this.node, asError(error)));
  }
}
