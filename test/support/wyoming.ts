import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** An event as the server got it. */
export interface GotEvent {
  type: string;
  data: Record<string, unknown>;
  payload: Buffer;
}

/** How the server behaves. */
export interface WyomingScript {
  /** Wake words it knows; none: a service of another kind. Default `ok_nabu_v0.1` and `hey_jarvis_v0.1`. */
  models?: readonly string[];
  /** Judges each piece of sound: the name of a word that was said in it. Default: only what the test says was said. */
  hear?(pcm: Buffer): string | undefined;
  /** Answers nothing at all. */
  silent?: boolean;
  /** Takes the connection and closes it at once. */
  hangUp?: boolean;
  /** Answers the first question with these bytes instead of `info`. */
  instead?: Buffer;
}

/**
 * A wake-word service that speaks the Wyoming protocol over TCP, as openWakeWord does: `describe` → `info`; after `audio-start` it
 * listens and tells of each word with `detection`. Its wire is written a second time here, after the description of
 * github.com/OHF-Voice/wyoming, so that a mistake on one side shows on the other.
 */
export class WyomingServer {
  script: WyomingScript;
  /** Everything that clients have sent, in its order. */
  readonly events: GotEvent[] = [];
  /** Connections that were ever taken. */
  taken = 0;
  private readonly sockets = new Set<Socket>();
  private readonly waiting = new Set<() => void>();
  private port = 0;

  private constructor(
    private server: Server,
    script: WyomingScript,
  ) {
    this.script = script;
  }

  static async start(script: WyomingScript = {}): Promise<WyomingServer> {
    const one = new WyomingServer(createServer(), script);
    await one.listen();
    return one;
  }

  get url(): string {
    return `tcp://127.0.0.1:${this.port}`;
  }

  /** Clients connected now. */
  get connections(): number {
    return this.sockets.size;
  }

  /** All sound that came, PCM16 mono 16 kHz. */
  get sound(): Buffer {
    return Buffer.concat(this.events.filter(({ type }) => type === 'audio-chunk').map((one) => one.payload));
  }

  /** Types of the events that came, sound left out. */
  get types(): string[] {
    return this.events.map(({ type }) => type).filter((type) => type !== 'audio-chunk');
  }

  /** A word was said. */
  detect(name: string | undefined): void {
    this.send('detection', { ...(name !== undefined && { name }), timestamp: 0 });
  }

  /** Sends an event to every client, its data behind the header as the official library does. */
  send(type: string, data?: object): void {
    for (const socket of this.sockets) socket.write(written(type, data));
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Buffer): void {
    for (const socket of this.sockets) socket.write(bytes);
  }

  /** Ends every connection. */
  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Stops reading, as a process that hangs does. */
  stall(): void {
    this.script = { ...this.script, silent: true };
    for (const socket of this.sockets) socket.pause();
  }

  /** Waits until something holds; it is looked at whenever something has come. */
  async until<T>(look: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = look();
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  /** Waits until this much sound has come (ms). */
  untilHeard(ms: number): Promise<true> {
    return this.until(() => this.sound.length >= ms * 32);
  }

  /** The service is gone; {@link listen} brings it back at the same address. */
  async stop(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async listen(): Promise<void> {
    this.server = createServer((socket) => this.take(socket));
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  private take(socket: Socket): void {
    this.taken++;
    socket.on('error', () => {});
    if (this.script.hangUp) socket.destroy();
    this.sockets.add(socket);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.wake();
    });
    let buffer: Buffer = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      buffer = Buffer.concat([buffer, bytes]);
      for (let next = read(buffer); next; next = read(buffer)) {
        buffer = next.rest;
        this.events.push(next.event);
        this.answer(socket, next.event);
      }
      this.wake();
    });
    this.wake();
  }

  private answer(socket: Socket, { type, payload }: GotEvent): void {
    const { silent, instead, hear } = this.script;
    if (silent) return;
    if (type === 'describe') socket.write(instead ?? written('info', this.info()));
    if (type !== 'audio-chunk') return;
    const name = hear?.(payload);
    if (name !== undefined) socket.write(written('detection', { name, timestamp: 0 }));
  }

  private info(): object {
    const { models = ['ok_nabu_v0.1', 'hey_jarvis_v0.1'] } = this.script;
    const wake = models.map((name) => ({ name, phrase: name.replace(/_v.*/, '').replace(/_/g, ' ') }));
    return models.length > 0 ? { wake: [{ name: 'stand-in', models: wake }] } : { asr: [{ models: [] }] };
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

/** An event as it goes over the wire. */
export function written(type: string, data?: object): Buffer {
  if (!data) return Buffer.from(`${JSON.stringify({ type, version: '1.7.2' })}\n`);
  const body = Buffer.from(JSON.stringify(data));
  return Buffer.concat([
    Buffer.from(`${JSON.stringify({ type, version: '1.7.2', data_length: body.length })}\n`),
    body,
  ]);
}

/** The first event of these bytes, once it is complete. */
function read(bytes: Buffer): { event: GotEvent; rest: Buffer } | undefined {
  const end = bytes.indexOf('\n');
  if (end < 0) return undefined;
  const header = JSON.parse(bytes.subarray(0, end).toString()) as Record<string, unknown>;
  const data = end + 1 + Number(header.data_length ?? 0);
  const payload = data + Number(header.payload_length ?? 0);
  if (bytes.length < payload) return undefined;
  const more = data > end + 1 ? (JSON.parse(bytes.subarray(end + 1, data).toString()) as object) : {};
  const event = {
    type: String(header.type),
    data: { ...(header.data as object | undefined), ...more },
    payload: Buffer.from(bytes.subarray(data, payload)),
  };
  return { event, rest: bytes.subarray(payload) };
}
