import type { NodeDef } from 'node-red';
import { setImmediate as breathe } from 'node:timers/promises';
import { isPcm, MediaError, pace, PCM_16K, PcmFramer, type MediaHandle } from '../../src/media';
import { describe, NodeError } from '../shared/errors';
import { onPurpose } from '../shared/handles';
import { onClose, onInput } from '../shared/lifecycle';
import { mediaOf, pcmOf } from '../shared/payload';
import { codeText, StatusLine } from '../shared/status';
import type { Message, Red, RedNode, Send } from '../shared/types';
import { numberOf } from '../shared/values';

/** The fields of the dialog. */
interface ToMessagesDef extends NodeDef {
  /** Length of one message's audio (ms); 0: as it comes. */
  frameMs: string | number;
  /** Let files and answers through as fast as they are spoken. */
  realtime: boolean;
}

/** Messages between two turns of the event loop: a turn that lies in memory is read without ever waiting. */
const BURST = 50;

/** One to-messages node: streams in, ordinary messages out. */
class ToMessages {
  readonly #status: StatusLine;
  readonly #open = new Set<AbortController>();

  constructor(
    RED: Red,
    node: RedNode,
    private readonly def: ToMessagesDef,
  ) {
    this.#status = new StatusLine(RED, node);
  }

  async input(msg: Message, send: Send): Promise<void> {
    if (msg.action === 'stop') return this.stop('CANCELLED');
    if (msg.action !== undefined && msg.action !== '') {
      throw new NodeError(
        'UNKNOWN_ACTION',
        `to-messages does not know the action ${describe(msg.action)}. It knows "stop" only.`,
      );
    }
    const arrived = mediaOf(msg);
    if (!arrived) {
      throw new NodeError(
        'BAD_PAYLOAD',
        `to-messages cannot use ${describe(msg.payload)}. Send the output of an audio-in or session node, or a Buffer or stream with msg.format.`,
      );
    }
    const control = new AbortController();
    const { handle, made } =
      arrived.kind === 'handle'
        ? { handle: arrived.handle, made: false }
        : pcmOf(arrived, { output: PCM_16K, signal: control.signal });
    this.#open.add(control);
    this.#status.show('busy', 'sending');
    try {
      await this.#forward(handle, msg, send, control.signal);
      if (made && handle.error && !control.signal.aborted) throw handle.error;
      if (this.#open.size === 1) this.#status.clear();
    } catch (error) {
      this.#status.show('failed', 'failed', codeText(error));
      throw error;
    } finally {
      this.#open.delete(control);
    }
  }

  stop(code: 'CANCELLED' | 'NODE_CLOSED'): void {
    for (const control of this.#open)
      control.abort(new MediaError(code, 'The to-messages node was stopped.'));
  }

  /** One message per piece, then one that says whether the stream is complete or is to be forgotten. */
  async #forward(handle: MediaHandle, msg: Message, send: Send, signal: AbortSignal): Promise<void> {
    const { action: _action, payload: _payload, ...rest } = msg;
    const live = handle.policy === 'drop-oldest';
    const base = { ...rest, format: handle.format, live };
    let index = 0;
    const parts = (): object => ({ id: handle.id, type: 'buffer', index: index++ });
    const reader = handle.open();
    const stop = (): void => void reader.destroy();
    signal.addEventListener('abort', stop, { once: true });
    let lost: unknown;
    try {
      for await (const payload of this.#pieces(reader, handle, live, signal)) {
        send({ ...base, payload, parts: parts() });
        if (index % BURST === 0) await breathe();
      }
    } catch (error) {
      lost = error;
    } finally {
      signal.removeEventListener('abort', stop);
      reader.destroy();
    }
    if (signal.aborted) lost = signal.reason;
    const last = { ...base, payload: Buffer.alloc(0), parts: { ...parts(), count: index } };
    if (lost === undefined) send({ ...last, complete: true });
    else send({ ...last, reset: codeOf(lost) });
    // What its source has reported already is not reported again.
    if (lost !== undefined && !onPurpose(lost) && handle.error === undefined) throw lost;
  }

  async *#pieces(
    reader: AsyncIterable<Buffer>,
    handle: MediaHandle,
    live: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const frameMs = numberOf(this.def.frameMs, 'length of a message', { min: 0, max: 10_000, default: 20 });
    const paced = this.def.realtime === true && !live && isPcm(handle.format);
    const source = paced ? pace(reader, handle.format, { signal }) : reader;
    if (frameMs === 0 || !isPcm(handle.format)) return yield* source;
    const framer = new PcmFramer(handle.format, frameMs);
    for await (const chunk of source) yield* framer.push(chunk);
    const rest = framer.flush();
    if (rest) yield rest;
  }
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : 'SOURCE_FAILED';
}

/** `gemini-live-to-messages`: a media stream as ordinary messages. */
export default function (RED: Red): void {
  function GeminiLiveToMessages(this: RedNode, def: ToMessagesDef): void {
    RED.nodes.createNode(this, def);
    const toMessages = new ToMessages(RED, this, def);
    onInput(this, (msg, send) => toMessages.input(msg, send));
    onClose(this, () => toMessages.stop('NODE_CLOSED'));
  }
  RED.nodes.registerType('gemini-live-to-messages', GeminiLiveToMessages);
}
