import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import type { LiveServerMessage } from '../../src/protocol';
import type { LocalLiveServer } from '../../src/server';

/** Path of the Gemini API for a version, with the double slash of the official SDK. */
export const geminiPath = (version = 'v1beta'): string =>
  `//ws/google.ai.generativelanguage.${version}.GenerativeService.BidiGenerateContent`;

export const VERTEX_PATH = '/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent';

export const NATIVE = 'models/gemini-2.5-flash-native-audio-preview-09-2025';
export const GEN_3_1 = 'models/gemini-3.1-flash-live-preview';
export const GEN_3_8 = 'models/gemini-3.8-live';
export const VERTEX_MODEL = 'publishers/google/models/gemini-live-2.5-flash-native-audio';

/** A bare WebSocket client that keeps all it gets. */
export class WireClient {
  readonly frames: Buffer[] = [];
  readonly messages: LiveServerMessage[] = [];
  /** Set once the connection is over. */
  closed: { code: number; reason: string } | undefined;
  /** Set when a frame came as text; the service sends binary ones only. */
  gotText = false;
  private wake: () => void = () => {};

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary) => {
      this.gotText ||= !isBinary;
      this.frames.push(data);
      this.messages.push(this.read(data));
      this.wake();
    });
    socket.on('error', () => {});
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
  }

  /** Connects without a setup. */
  static async open(
    server: LocalLiveServer,
    path = geminiPath(),
    options: ClientOptions = {},
  ): Promise<WireClient> {
    const client = new WireClient(new WebSocket(server.url.replace('http', 'ws') + path, options));
    await once(client.socket, 'open');
    return client;
  }

  /** Connects and waits for `setupComplete`. */
  static async start(
    server: LocalLiveServer,
    setup: Record<string, unknown>,
    path?: string,
    options?: ClientOptions,
  ): Promise<WireClient> {
    const client = await WireClient.open(server, path, options);
    client.send({ setup });
    await client.until((messages) => messages.length > 0);
    return client;
  }

  /** A frame that is no JSON counts as an empty message; `frames` has its bytes. */
  private read(data: Buffer): LiveServerMessage {
    try {
      return JSON.parse(data.toString('utf8')) as LiveServerMessage;
    } catch {
      return {};
    }
  }

  send(message: unknown): void {
    const raw = typeof message === 'string' || Buffer.isBuffer(message);
    this.socket.send(raw ? message : JSON.stringify(message));
  }

  /** Sends PCM in pieces of 100 ms. */
  sendAudio(pcm: Int16Array, rate = 16_000): void {
    const bytes = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength);
    const piece = (rate / 10) * 2;
    for (let at = 0; at < bytes.length; at += piece) {
      const data = bytes.subarray(at, at + piece).toString('base64');
      this.send({ realtimeInput: { audio: { data, mimeType: `audio/pcm;rate=${rate}` } } });
    }
  }

  sendText(text: string, turnComplete = true): void {
    this.send({ clientContent: { turns: [{ role: 'user', parts: [{ text }] }], turnComplete } });
  }

  /** Waits until the messages so far fulfil a condition; fails when the connection ends before. */
  async until(holds: (messages: LiveServerMessage[]) => boolean, what = 'frames'): Promise<void> {
    while (!holds(this.messages)) {
      if (this.closed) throw new Error(`closed before ${what}: ${this.closed.code} ${this.closed.reason}`);
      await this.news(what);
    }
  }

  /** Waits for the next message or the end of the connection. */
  private news(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void =>
        reject(new Error(`Not within 20 s: ${what}; ${this.frames.length} frames so far`));
      const timer = setTimeout(late, 20_000);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Waits until that many turns are complete. */
  turns(count: number): Promise<void> {
    return this.until(() => this.completed >= count, `turn ${count} to be complete`);
  }

  get completed(): number {
    return this.messages.filter((message) => message.serverContent?.turnComplete).length;
  }

  /** All transcript text of one side, joined. */
  transcript(side: 'inputTranscription' | 'outputTranscription'): string {
    return this.messages.map((message) => message.serverContent?.[side]?.text ?? '').join('');
  }

  /** Milliseconds of audio received. */
  get audioMs(): number {
    const bytes = this.messages
      .flatMap((message) => message.serverContent?.modelTurn?.parts ?? [])
      .reduce((sum, part) => sum + Buffer.from(part.inlineData?.data ?? '', 'base64').length, 0);
    return bytes / 48;
  }

  /** Waits for the end of the connection. */
  async end(): Promise<{ code: number; reason: string }> {
    while (!this.closed) await this.news('the connection to end');
    return this.closed;
  }

  close(): void {
    this.socket.close();
  }
}
