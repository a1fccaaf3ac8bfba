import { EventEmitter } from 'node:events';
import { callListeners } from '../../media/listeners';
import type { LiveClientMessage, Recording, RecordingEntry } from '../../protocol';
import { compareClients, type CompareOptions } from './compare';
import { kindsOf } from './kinds';
import { PlayedConnection } from './played-connection';
import type { ServerSocket } from '../socket';

/** How a recording is to be played. */
export interface PlayOptions extends CompareOptions {
  /** 1 (default) as it was, 10 ten times as fast, 0 as fast as the client's own frames allow. */
  readonly speed?: number;
  /**
   * Hold the client to the recording: what it does otherwise is in {@link Player.differences}, and one that lets us wait
   * too long is sent away. Default false: the client may take its time.
   */
  readonly verify?: boolean;
  /** How long a client that is held to the recording may let us wait (ms). Default 10000. */
  readonly patienceMs?: number;
  /** End a connection when all of it is played, also where it was the client who ended it. Default false. */
  readonly hangUp?: boolean;
  /** Begin again with the first connection when all were played. Default false. */
  readonly repeat?: boolean;
}

/** Events of a {@link Player}. */
export interface PlayerEvents {
  /** The recording goes on when the client has sent this; in the recording it came that much later (ms). */
  waiting: [{ connection: number; message: LiveClientMessage; kinds: string[]; dueMs: number }];
  /** A connection was played, and its client is gone. */
  played: [{ connection: number }];
}

const PATIENCE_MS = 10_000;

/**
 * Plays a recording: the first client gets its first connection, the next client the next one. What the server said comes
 * at its time; where the client had said something, the recording waits until this client has done so, too.
 */
export class Player extends EventEmitter<PlayerEvents> {
  private readonly connections: RecordingEntry[][];
  /** For the comparison: each connection with what was recorded of it. */
  private readonly played: Array<{ connection: PlayedConnection; recorded: RecordingEntry[] }> = [];
  private begun = 0;
  private over = 0;
  private refused = 0;

  constructor(
    readonly recording: Recording,
    private readonly options: PlayOptions = {},
  ) {
    super();
    const { speed = 1, patienceMs = PATIENCE_MS } = options;
    if (!(speed >= 0) || !(patienceMs > 0)) {
      throw new RangeError(
        `speed must be 0 or more, patienceMs above 0; they are ${speed} and ${patienceMs}`,
      );
    }
    this.connections = byConnection(recording.entries);
  }

  /** Connections in the recording. */
  get count(): number {
    return this.connections.length;
  }

  /** All connections were played and their clients are gone. */
  get finished(): boolean {
    return this.begun >= this.count && this.over === this.begun;
  }

  /** Serves the next recorded connection; undefined, and the client is sent away, when there is none. */
  play(socket: ServerSocket): PlayedConnection | undefined {
    const {
      speed = 1,
      verify = false,
      patienceMs = PATIENCE_MS,
      repeat = false,
      hangUp = false,
    } = this.options;
    const place = repeat && this.count > 0 ? this.begun % this.count : this.begun;
    const recorded = this.connections[place];
    if (!recorded) {
      this.refused++;
      socket.on('error', () => {});
      socket.close(1008, `The recording has no connection ${this.count + this.refused}.`);
      return undefined;
    }
    const number = place + 1;
    const connection = new PlayedConnection({
      socket,
      entries: recorded,
      speed,
      hangUp,
      keep: verify,
      patienceMs: verify ? patienceMs : Infinity,
      waiting: ({ message }, dueMs) =>
        this.tell('waiting', { connection: number, message, kinds: kindsOf(message), dueMs }),
      over: () => {
        this.over++;
        this.tell('played', { connection: number });
      },
    });
    this.begun++;
    if (verify) this.played.push({ connection, recorded });
    return connection;
  }

  /**
   * In what the clients so far differed from the recording, in words; empty when they did not, and when they are not held
   * to it (`verify`).
   */
  get differences(): string[] {
    if (!this.options.verify) return [];
    const out = this.played.flatMap(({ connection, recorded }, index) => {
      const was = recorded.flatMap((entry) => (entry.dir === 'sent' ? [entry.message] : []));
      const all = [...compareClients(was, connection.messages, this.options), ...connection.remarks];
      return all.map((text) => `Connection ${index + 1}: ${text}.`);
    });
    const total = this.begun + this.refused;
    if (total < this.count || (total > this.count && !this.options.repeat)) {
      out.push(`The recording has ${this.count} connections, the client made ${total}.`);
    }
    return out;
  }

  private tell<K extends keyof PlayerEvents>(event: K, ...args: PlayerEvents[K]): void {
    callListeners(this, event, args, () => {});
  }
}

function byConnection(entries: readonly RecordingEntry[]): RecordingEntry[][] {
  const groups = new Map<number, RecordingEntry[]>();
  for (const entry of entries) {
    if (entry.dir === 'note') continue;
    const group = groups.get(entry.connection);
    if (group) group.push(entry);
    else groups.set(entry.connection, [entry]);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}
