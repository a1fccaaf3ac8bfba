import type { LiveClientMessage, LiveServerMessage } from '../protocol';
import type { Close } from './closes';

/** One line of {@link LocalLiveServer.journal}. */
export type JournalEntry = {
  /** Number of the connection, counted from 1. */
  readonly connection: number;
  /** Epoch ms. */
  readonly at: number;
} & (
  | { readonly kind: 'open' }
  | { readonly kind: 'received'; readonly message: LiveClientMessage }
  | { readonly kind: 'sent'; readonly message: LiveServerMessage }
  | { readonly kind: 'close'; readonly close: Close; readonly by: 'client' | 'server' }
);

/** What one connection has brought so far. */
export interface ConnectionStats {
  readonly connection: number;
  /** The id the client gave in its `x-session-id` header. */
  readonly session?: string;
  open: boolean;
  /** Messages after the setup that were understood. */
  messages: number;
  audioBytes: number;
  /** Sound received, by the rate that was declared (ms). */
  audioMs: number;
  videoFrames: number;
  /** How many answers came, by id of the tool call. */
  readonly toolResponses: Record<string, number>;
  framesSent: number;
  /** Number of the connection whose handle this one resumed. */
  resumed?: number;
}

/** Older connections are forgotten, so that a server that runs for months does not grow. */
const MOST_STATS = 1000;

/** Counts what each connection does and, if it is to, keeps every message. */
export class Journal {
  /** Everything that happened, in order; stays empty unless it is kept. */
  readonly entries: JournalEntry[] = [];
  /** The last connections, oldest first. */
  readonly stats: ConnectionStats[] = [];

  constructor(private readonly keep: boolean) {}

  open(connection: number, session?: string): ConnectionStats {
    const stats: ConnectionStats = {
      connection,
      ...(session === undefined ? {} : { session }),
      open: true,
      messages: 0,
      audioBytes: 0,
      audioMs: 0,
      videoFrames: 0,
      toolResponses: {},
      framesSent: 0,
    };
    this.stats.push(stats);
    if (this.stats.length > MOST_STATS) this.stats.shift();
    if (this.keep) this.entries.push({ kind: 'open', connection, at: Date.now() });
    return stats;
  }

  received(stats: ConnectionStats, message: LiveClientMessage): void {
    const { connection } = stats;
    if (this.keep) this.entries.push({ kind: 'received', connection, at: Date.now(), message });
    if (message.setup) return;
    stats.messages++;
    const { audio, video, mediaChunks = [] } = message.realtimeInput ?? {};
    for (const { mimeType = '', data = '' } of [audio, video, ...mediaChunks].flatMap((blob) => blob ?? [])) {
      if (mimeType.startsWith('image/')) stats.videoFrames++;
      else {
        const bytes = Buffer.byteLength(data, 'base64');
        stats.audioBytes += bytes;
        stats.audioMs += (bytes / 2 / Number(/rate=(\d+)/.exec(mimeType)?.[1] ?? 16_000)) * 1000;
      }
    }
    for (const { id = '' } of message.toolResponse?.functionResponses ?? []) {
      stats.toolResponses[id] = (stats.toolResponses[id] ?? 0) + 1;
    }
  }

  sent(stats: ConnectionStats, message: LiveServerMessage): void {
    stats.framesSent++;
    if (this.keep) this.entries.push({ kind: 'sent', connection: stats.connection, at: Date.now(), message });
  }

  closed(stats: ConnectionStats, close: Close, by: 'client' | 'server'): void {
    stats.open = false;
    if (this.keep) {
      this.entries.push({ kind: 'close', connection: stats.connection, at: Date.now(), close, by });
    }
  }
}
