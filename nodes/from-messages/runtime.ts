import type { NodeDef } from 'node-red';
import {
  createMedia,
  looksLikeWav,
  parseWav,
  type AbortCode,
  type MediaFormat,
  type MediaWriter,
} from '../../src/media';
import { describe, NodeError } from '../shared/errors';
import { onClose, onInput } from '../shared/lifecycle';
import { formatOf } from '../shared/payload';
import { StatusLine } from '../shared/status';
import type { Message, Red, RedNode, Send } from '../shared/types';
import { numberOf } from '../shared/values';

/** The fields of the dialog. */
interface FromMessagesDef extends NodeDef {
  mime: string;
  rate: string | number;
  channels: string | number;
  /** What the audio is when the message does not say: a microphone, or something with a beginning and an end. */
  kind: 'live' | 'whole';
  /** A pause that ends a stream (ms); 0: only `msg.complete` does. */
  idleMs: string | number;
}

/** A stream that is coming in. */
interface Incoming {
  writer: MediaWriter;
  /** Index of the last message taken. */
  last: number;
  lost: number;
  timer: NodeJS.Timeout | undefined;
}

const CODES: readonly string[] = ['INTERRUPTED', 'CANCELLED', 'SOURCE_FAILED', 'NODE_CLOSED'];

/** One from-messages node: ordinary messages in, streams out. */
class FromMessages {
  readonly #status: StatusLine;
  /** By `msg.parts.id`; messages without parts belong to one stream. */
  readonly #incoming = new Map<string, Incoming>();

  constructor(
    RED: Red,
    private readonly node: RedNode,
    private readonly def: FromMessagesDef,
  ) {
    this.#status = new StatusLine(RED, node);
  }

  input(msg: Message, send: Send): void {
    const key = String((msg.parts as { id?: unknown } | undefined)?.id ?? '');
    if (msg.reset !== undefined && msg.reset !== false) return this.#abort(key, msg.reset);
    const complete = msg.complete !== undefined && msg.complete !== false;
    if (Buffer.isBuffer(msg.payload) && msg.payload.length > 0) this.#write(key, msg.payload, msg, send);
    else if (!complete || (msg.payload !== undefined && !Buffer.isBuffer(msg.payload))) {
      throw new NodeError(
        'BAD_PAYLOAD',
        `from-messages needs a Buffer of audio and got ${describe(msg.payload)}. Connect a node that sends Buffers; a stream needs no from-messages.`,
      );
    }
    if (complete) this.#end(key);
  }

  close(): void {
    for (const key of [...this.#incoming.keys()]) this.#abort(key, 'NODE_CLOSED');
  }

  #write(key: string, payload: Buffer, msg: Message, send: Send): void {
    const { bytes, format } = this.#unwrap(payload, msg);
    let incoming = this.#incoming.get(key);
    const fresh = incoming === undefined;
    if (!incoming) {
      incoming = { writer: this.#start(format, msg), last: -1, lost: 0, timer: undefined };
      this.#incoming.set(key, incoming);
      this.#status.show('busy', 'receiving');
    }
    this.#rest(key, incoming);
    if (!this.#inOrder(incoming, msg)) return;
    incoming.writer.write(bytes);
    if (!fresh) return;
    const { parts: _parts, complete: _complete, format: _format, live: _live, ...rest } = msg;
    send({ ...rest, payload: incoming.writer.handle });
  }

  /** Some senders make every message a small WAV file of its own (Hermes). */
  #unwrap(payload: Buffer, msg: Message): { bytes: Buffer; format: MediaFormat } {
    if (looksLikeWav(payload)) {
      const { format, data } = parseWav(payload);
      return { bytes: data, format };
    }
    return { bytes: payload, format: formatOf(msg) ?? this.#declared() };
  }

  #declared(): MediaFormat {
    const { mime = 'audio/pcm' } = this.def;
    return {
      mime: mime || 'audio/pcm',
      rate: numberOf(this.def.rate, 'sample rate', { min: 1000, max: 192_000, default: 16_000 }),
      channels: numberOf(this.def.channels, 'number of channels', { min: 1, max: 8, default: 1 }),
    };
  }

  #start(format: MediaFormat, msg: Message): MediaWriter {
    const live = typeof msg.live === 'boolean' ? msg.live : this.def.kind !== 'whole';
    const { turn, conversation } = msg;
    const meta = { ...(turn !== undefined && { turn }), ...(conversation !== undefined && { conversation }) };
    // Messages cannot be told to wait: what has a beginning and an end is kept whole instead.
    return createMedia({ format, policy: live ? 'drop-oldest' : 'retain', label: 'messages', meta });
  }

  /** What comes twice or too late is left out; what is missing is counted and said once the stream is over. */
  #inOrder(incoming: Incoming, { parts }: Message): boolean {
    const index = (parts as { index?: unknown } | undefined)?.index;
    if (typeof index !== 'number') return true;
    if (index <= incoming.last) return false;
    incoming.lost += index - incoming.last - 1;
    incoming.last = index;
    return true;
  }

  #rest(key: string, incoming: Incoming): void {
    clearTimeout(incoming.timer);
    const idleMs = numberOf(this.def.idleMs, 'pause', { min: 0, max: 3_600_000, default: 2000 });
    if (idleMs > 0) incoming.timer = setTimeout(() => this.#end(key), idleMs);
  }

  #end(key: string): void {
    this.#take(key)?.writer.end();
  }

  #abort(key: string, reason: unknown): void {
    const code = typeof reason === 'string' && CODES.includes(reason) ? (reason as AbortCode) : 'CANCELLED';
    this.#take(key)?.writer.abort(code, `The stream of messages was given up (${code}).`);
  }

  #take(key: string): Incoming | undefined {
    const incoming = this.#incoming.get(key);
    if (!incoming) return undefined;
    clearTimeout(incoming.timer);
    this.#incoming.delete(key);
    if (!this.#incoming.size) this.#status.clear();
    if (incoming.lost > 0) this.node.warn(`${incoming.lost} messages of a stream were lost on the way.`);
    return incoming;
  }
}

/** `gemini-live-from-messages`: ordinary messages as a media stream. */
export default function (RED: Red): void {
  function GeminiLiveFromMessages(this: RedNode, def: FromMessagesDef): void {
    RED.nodes.createNode(this, def);
    const fromMessages = new FromMessages(RED, this, def);
    onInput(this, (msg, send) => fromMessages.input(msg, send));
    onClose(this, () => fromMessages.close());
  }
  RED.nodes.registerType('gemini-live-from-messages', GeminiLiveFromMessages);
}
