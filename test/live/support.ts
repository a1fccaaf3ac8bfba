import { LiveSession, type LiveEventName, type LiveEvents, type LiveSessionOptions } from '../../src/live';
import { ScriptedServer, type Script, type ScriptedConnection } from '../support/scripted-server';

/** Every event of a session in order. */
export type Log = Array<{ event: LiveEventName } & Record<string, unknown>>;

const NAMES: LiveEventName[] = [
  'state',
  'audio',
  'text',
  'turn',
  'interrupted',
  'tool-call',
  'tool-cancel',
  'tool-result',
  'cost-limit',
  'waiting',
  'usage',
  'go-away',
  'resumption',
  'restored',
  'grounding',
  'code',
  'activity',
  'level',
  'asleep',
  'awake',
  'warning',
  'error',
  'watch',
  'unknown',
];

interface Watch {
  log: Log;
  /** How many events of each kind {@link next} has handed out. */
  taken: Map<LiveEventName, number>;
  waiting: Set<() => void>;
}

const watches = new WeakMap<LiveSession, Watch>();

/** Collects all events of a session. */
export function logOf(session: LiveSession): Log {
  const watch: Watch = watches.get(session) ?? { log: [], taken: new Map(), waiting: new Set() };
  if (!watches.has(session)) {
    watches.set(session, watch);
    for (const name of NAMES) {
      session.on(name, (payload: object) => {
        watch.log.push({ event: name, ...payload });
        for (const wake of watch.waiting) wake();
        watch.waiting.clear();
      });
    }
  }
  return watch.log;
}

/** The payloads of one kind of event. */
export function of<K extends LiveEventName>(log: Log, event: K): Array<LiveEvents[K][0]> {
  return log.filter((entry) => entry.event === event) as unknown as Array<LiveEvents[K][0]>;
}

/** The next event of a kind that fits and was not handed out yet; it may have happened already. */
export async function next<K extends LiveEventName>(
  session: LiveSession,
  event: K,
  fits: (payload: LiveEvents[K][0]) => boolean = () => true,
): Promise<LiveEvents[K][0]> {
  const log = logOf(session);
  const watch = watches.get(session)!;
  for (;;) {
    const events = of(log, event);
    for (let i = watch.taken.get(event) ?? 0; i < events.length; i++) {
      watch.taken.set(event, i + 1);
      const found = events[i]!;
      if (fits(found)) return found;
    }
    await new Promise<void>((resolve) => watch.waiting.add(resolve));
  }
}

/** A message with that much audio of a constant value; 24 kHz PCM as the service sends it. */
export function sound(ms: number, value = 1000): { modelTurn: { parts: object[] } } {
  const pcm = Buffer.alloc(ms * 48);
  for (let i = 0; i < pcm.length; i += 2) pcm.writeInt16LE(value, i);
  return {
    modelTurn: {
      parts: [{ inlineData: { mimeType: 'audio/pcm;rate=24000', data: pcm.toString('base64') } }],
    },
  };
}

/** A handle's bytes, or the error that ended it. */
export async function bytesOf(handle: AsyncIterable<Buffer>): Promise<{ bytes: number; code?: string }> {
  let bytes = 0;
  try {
    for await (const chunk of handle) bytes += chunk.length;
  } catch (error) {
    return { bytes, code: (error as { code?: string }).code };
  }
  return { bytes };
}

/** Servers and sessions of one test file; {@link cleanUp} ends them all. */
export class Bench {
  private readonly servers: ScriptedServer[] = [];
  private readonly sessions: LiveSession[] = [];

  async server(script: Script = {}): Promise<ScriptedServer> {
    const server = await ScriptedServer.start(script);
    this.servers.push(server);
    return server;
  }

  /**
   * A session of one connection, unless the test is about recovery and asks for it. Scripted servers call functions
   * that nobody declared, which is refused only where the test is about that.
   */
  session(server: ScriptedServer | string, options: Partial<LiveSessionOptions> = {}): LiveSession {
    const baseUrl = typeof server === 'string' ? server : server.url;
    const usual: LiveSessionOptions = {
      endpoint: { backend: 'local', baseUrl },
      recovery: false,
      toolPolicy: { check: false },
    };
    const session = new LiveSession({ ...usual, ...options });
    this.sessions.push(session);
    logOf(session);
    return session;
  }

  /** A session that is ready, its log, and the server's side of it. */
  async connected(
    options: Partial<LiveSessionOptions> = {},
    script: Script = {},
  ): Promise<{ session: LiveSession; log: Log; peer: ScriptedConnection; server: ScriptedServer }> {
    const server = await this.server(script);
    const session = this.session(server, options);
    const log = logOf(session);
    await session.connect();
    return { session, log, peer: await server.connection(), server };
  }

  async cleanUp(): Promise<void> {
    await Promise.all(this.sessions.splice(0).map((session) => session.close()));
    await Promise.all(this.servers.splice(0).map((server) => server.close()));
  }
}
