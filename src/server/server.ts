import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { callListeners } from '../media/listeners';
import { Admission } from './admission';
import type { Close } from './closes';
import { Clock, randomFrom } from './clock';
import { Connection, type ConnectionOptions } from './connection';
import { listenError } from './errors';
import type { Faults, GoAway } from './faults';
import type { HandleStore } from './handles';
import { answerHttp, refuseUpgrade } from './http';
import { Journal, type ConnectionStats, type JournalEntry } from './journal';
import type { Limits } from './lifetime';
import type { Hearing, ResultPart, Speech } from './parts';
import { Player } from './player';
import { partsOf, type AnswerOutcome } from './tool-desk';
import { routeOf, type Route } from './routes';

/** Largest message a client may send, in bytes; larger ones end the connection with 1009. */
const MAX_MESSAGE = 16 * 1024 * 1024;

/** Who an event is about. */
interface About {
  /** Number of the connection, counted from 1. */
  readonly connection: number;
  /** The id the client gave in its `x-session-id` header. */
  readonly session?: string;
  /** Epoch ms. */
  readonly at: number;
}

/** Events of {@link LocalLiveServer}. */
export interface ServerEvents {
  /** A client's setup was accepted. */
  connection: [About & { model: string; route: Route }];
  /** A conversation goes on that another connection had; `from` is the number of that connection. */
  resumed: [About & { from: number }];
  /** A user turn was understood, or not: see `accepted` and `score`. */
  heard: [About & Hearing];
  /** The answer that is now being spoken. */
  reply: [About & { text: string; source: Speech['source'] }];
  /** The model wants a function to be called. */
  toolCall: [About & { id: string; name: string; args: Record<string, unknown> }];
  /** The client answered a call. Only the first answer to an open call is `taken`; the others change nothing. */
  toolResponse: [
    About & {
      id: string;
      response: Record<string, unknown>;
      outcome: AnswerOutcome;
      /** Pictures and sounds that came with it. */
      parts?: readonly ResultPart[];
    },
  ];
  close: [About & Close & { by: 'client' | 'server' }];
  /** Ears, mind or voice failed; the client saw 1011. */
  problem: [About & { error: unknown }];
}

/** Resolved settings of a server; see `ServerOptions` for what each means. */
export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly seed: number;
  readonly generationSpeed: number;
  readonly apiKey: string | undefined;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly handles: HandleStore;
  readonly keepJournal: boolean;
  /** What answers: ears, mind and voice, or a recording. */
  readonly parts: Pick<ConnectionOptions['parts'], 'ears' | 'mind' | 'voice' | 'phrases'> | Player;
}

/** A running local Live server. Emits {@link ServerEvents}; none of its events needs a listener. */
export class LocalLiveServer extends EventEmitter<ServerEvents> {
  /** Can be changed or replaced at any time; takes effect with the next connection. */
  faults: Faults;
  private readonly http: Server;
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    autoPong: false,
  });
  private readonly streams = new Set<Duplex>();
  private readonly live = new Set<Pick<Connection, 'close' | 'terminate' | 'goAway'>>();
  private readonly record: Journal;
  private readonly admission: Admission;
  private listening: number;
  private accepted = 0;
  private closing: Promise<void> | undefined;

  private constructor(private readonly settings: ServerSettings) {
    super();
    this.faults = settings.faults;
    this.listening = settings.port;
    this.record = new Journal(settings.keepJournal);
    this.admission = new Admission(settings.apiKey, settings.limits, settings.clock);
    this.http = createServer((request, response) => {
      answerHttp(request, response, this.admission.mint, settings.apiKey).catch((error: unknown) => {
        response.destroy();
        this.tell('problem', { ...about(0), error });
      });
    });
    this.http.on('connection', (stream) => {
      this.streams.add(stream);
      stream.on('close', () => this.streams.delete(stream));
    });
    this.http.on('clientError', (_error, stream) => stream.destroy());
    this.http.on('upgrade', (request, stream, head) => this.upgrade(request, stream, head));
  }

  /** @throws ServerError when the port cannot be had */
  static async listen(settings: ServerSettings): Promise<LocalLiveServer> {
    const server = new LocalLiveServer(settings);
    const { host, port } = settings;
    await new Promise<void>((resolve, reject) => {
      server.http.once('error', (cause) => reject(listenError(cause, host, port)));
      server.http.listen(port, host, resolve);
    });
    server.listening = (server.http.address() as AddressInfo).port;
    server.http.removeAllListeners('error');
    server.http.on('error', (error) => server.tell('problem', { ...about(0), error }));
    return server;
  }

  /** The port it listens on, or listened on before it was closed: another server can be started there. */
  get port(): number {
    return this.listening;
  }

  /** Base URL for clients, as `baseUrl` of the official SDK: `http://127.0.0.1:PORT`. */
  get url(): string {
    const { host } = this.settings;
    const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${this.port}`;
  }

  /** Number of clients connected now. */
  get connections(): number {
    return this.live.size;
  }

  /** What is played back, if the server was started with a recording. */
  get player(): Player | undefined {
    return this.settings.parts instanceof Player ? this.settings.parts : undefined;
  }

  /** Wordings of the scenario that cannot be heard on this machine, only typed. */
  get deaf(): readonly string[] {
    const { parts } = this.settings;
    return parts instanceof Player ? [] : (parts.ears.deaf ?? []);
  }

  /** What each connection brought so far: the last thousand, oldest first. */
  get stats(): readonly Readonly<ConnectionStats>[] {
    return this.record.stats;
  }

  /** Every message of every connection in order, if the server was started with `keepJournal`. */
  get journal(): readonly JournalEntry[] {
    return this.record.entries;
  }

  /**
   * Tells every client that its connection is about to end, and ends it when the time is up.
   * @param timeLeft as it stands on the wire; default `50s`. It passes on the server's clock
   */
  goAway(timeLeft?: string, more: Omit<GoAway, 'timeLeft'> = {}): void {
    for (const connection of [...this.live]) {
      connection.goAway({ ...more, ...(timeLeft === undefined ? {} : { timeLeft }) });
    }
  }

  /** Cuts every connection, as a network does that fails. */
  dropAll(): void {
    for (const connection of [...this.live]) connection.terminate();
  }

  /** Ends every connection with this code and reason. */
  closeAll(close: Close): void {
    for (const connection of [...this.live]) connection.close(close);
  }

  /** Ends all connections and timers and gives the port back. */
  close(): Promise<void> {
    this.closing ??= new Promise((resolve) => {
      this.http.close(() => resolve());
      for (const connection of this.live) connection.terminate();
      for (const stream of this.streams) stream.destroy();
    });
    return this.closing;
  }

  private upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', () => stream.destroy());
    if (this.faults.neverUpgrade) return;
    const refusal = this.admission.refuseUpgrade(request, this.faults, this.live.size);
    if (refusal) return refuseUpgrade(stream, refusal.status, refusal.text);
    const route = routeOf(request.url);
    if (!route) {
      refuseUpgrade(stream, 404, 'The local Live server serves only the Live API (BidiGenerateContent).');
      return;
    }
    this.sockets.handleUpgrade(request, stream, head, (socket) => this.accept(socket, request, route));
  }

  private accept(socket: WebSocket, request: IncomingMessage, route: Route): void {
    const { clock, seed, generationSpeed, parts, limits, handles } = this.settings;
    const number = ++this.accepted;
    const header = request.headers['x-session-id'];
    const session = typeof header === 'string' ? header : undefined;
    const who = (): About => about(number, session);
    if (parts instanceof Player) return this.playTo(socket, parts, who);
    const stats = this.record.open(number, session);
    const { admission } = this;
    const grant = admission.grant(route, request);
    const connection = new Connection({
      socket,
      number,
      route,
      faults: { ...this.faults },
      chance: randomFrom(seed + number * 7919),
      limits,
      handles,
      ...(grant
        ? { token: { until: grant.until, admit: (setup) => admission.mint.admit(grant, setup) } }
        : {}),
      countTurn: () => admission.countTurn(),
      parts: { ...parts, clock, generationSpeed, random: randomFrom(seed + number) },
      events: {
        setup: ({ model }) => this.tell('connection', { ...who(), model, route }),
        resumed: (from) => {
          stats.resumed = from;
          this.tell('resumed', { ...who(), from });
        },
        received: (message) => this.record.received(stats, message),
        sent: (message) => this.record.sent(stats, message),
        heard: (hearing) => this.tell('heard', { ...who(), ...hearing }),
        replied: (text, source) => this.tell('reply', { ...who(), text, source }),
        called: ({ id, name, args }) => this.tell('toolCall', { ...who(), id, name, args }),
        answered: (answer, outcome) => {
          const { id = '', response = {} } = answer;
          const parts = partsOf(answer);
          const more = parts.length > 0 ? { parts } : {};
          this.tell('toolResponse', { ...who(), id, response, outcome, ...more });
        },
        problem: (error) => this.tell('problem', { ...who(), error }),
        closed: (close, by) => {
          this.live.delete(connection);
          this.record.closed(stats, close, by);
          this.tell('close', { ...who(), ...close, by });
        },
      },
    });
    this.live.add(connection);
    const refusal = admission.refuseCredential(route, request);
    if (refusal) connection.close(refusal);
  }

  private playTo(socket: WebSocket, player: Player, who: () => About): void {
    const played = player.play(socket);
    if (!played) return;
    this.live.add(played);
    socket.on('close', (code, reason) => {
      this.live.delete(played);
      this.tell('close', { ...who(), code, reason: reason.toString('utf8'), by: played.closedBy });
    });
  }

  /** Events are for onlookers: one that throws must not break a conversation. */
  private tell<K extends keyof ServerEvents>(event: K, ...args: ServerEvents[K]): void {
    callListeners(this, event, args, (error) => {
      if (event !== 'problem') this.tell('problem', { ...about(0), error });
    });
  }
}

const about = (connection: number, session?: string): About => ({
  connection,
  ...(session === undefined ? {} : { session }),
  at: Date.now(),
});
