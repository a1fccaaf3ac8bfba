import { createMedia, MediaError, PCM_16K, type MediaReader, type MediaWriter } from '../../src/media';
import type { TalkClientInfo, TalkFile, TalkPage } from '../../src/talk';
import { describe, NodeError, report } from '../shared/errors';
import { finished, onPurpose, within } from '../shared/handles';
import { mediaOf, pcmOf } from '../shared/payload';
import { codeText, StatusLine } from '../shared/status';
import { Seat } from '../shared/talk/seat';
import type { Message, Red, RedNode, Send } from '../shared/types';
import { Mute, muteOf } from './mute';

/** What is said while the session still connects is not lost (ms). */
const PRE_ROLL_MS = 5000;
/** Longest wait for browsers and decoders to be gone when the node closes (ms); Node-RED gives up after 15 s. */
const CLOSE_MS = 5000;

/** The page's microphone as a stream of its own, for those who listen to it now. */
interface Voice {
  writer: MediaWriter;
  /** Of the page's microphone. */
  reader: MediaReader;
}

/**
 * An audio-in node whose microphone is a talk page. Nothing has to be started: whoever opens the page and talks, types or sends
 * a recording is heard.
 *
 * When a person begins and stops to talk is not told here by messages. The session that listens hears of it from the page:
 * only it knows whether it needs marks of activity, or must not have them.
 */
export class BrowserIn {
  readonly #seat: Seat;
  readonly #mute: Mute;
  readonly #status: StatusLine;
  /** Files that are being converted. */
  readonly #files = new Set<AbortController>();
  #voice: Voice | undefined;
  #talking = false;
  readonly #pin = (): void => this.#show();

  constructor(
    RED: Red,
    private readonly node: RedNode,
    page: unknown,
  ) {
    this.#status = new StatusLine(RED, node);
    this.#mute = new Mute(node);
    this.#seat = new Seat(RED, node, page, 'microphone', {
      opened: (opened) => this.#opened(opened),
      refused: (error) => this.#status.show('failed', 'failed', codeText(error)),
    });
    this.#seat.service.on('pin', this.#pin);
  }

  get active(): boolean {
    return this.#voice !== undefined;
  }

  async input(msg: Message, send: Send): Promise<void> {
    switch (msg.action) {
      case undefined:
      case '':
      case 'start':
        return this.#offer(this.#seat.page, msg, send);
      case 'stop':
        return this.stop('CANCELLED');
      case 'mute':
        await this.#mute.ready;
        return this.#setMuted(muteOf(msg.payload, this.#mute.on));
      default:
        throw new NodeError(
          'UNKNOWN_ACTION',
          `audio-in does not know the action ${describe(msg.action)}. Use "start", "stop" or "mute".`,
        );
    }
  }

  /** Ends the stream; the next who talks begins another one. */
  stop(code: 'CANCELLED' | 'NODE_CLOSED'): void {
    const reason = new MediaError(code, 'The audio-in node was stopped.');
    for (const file of this.#files) file.abort(reason);
    this.#endVoice(reason);
  }

  /** @param removed the node does not come back */
  async close(removed: boolean): Promise<void> {
    if (removed) this.#mute.forget();
    this.#seat.service.off('pin', this.#pin);
    this.stop('NODE_CLOSED');
    await within(CLOSE_MS, this.#seat.close());
  }

  #opened(page: TalkPage): void {
    const send: Send = (out) => this.node.send(out);
    const from = { page: page.name };
    page.on('clients', () => this.#show());
    page.on('talk', ({ on }) => {
      this.#talking = on;
      if (on) this.#offer(page, { ...from }, send);
      this.#show();
    });
    page.on('text', (payload, { name }) =>
      send({ payload, ...from, ...(name && { client: name }) } as Message),
    );
    page.on('file', (file, who) => this.#convert(page, file, who));
    page.on('stop', () => send({ action: 'interrupt', ...from } as Message));
    // Asked for at once: until then the page refuses who wants to talk.
    page.microphone().on('mute', (muted) => this.#setMuted(muted));
    page.microphone().setMuted(this.#mute.on);
    void this.#mute.ready.then(() => this.#setMuted(this.#mute.on));
    this.#show();
  }

  /** A stream that somebody reads goes on; one that nobody has is what was left by a session that is gone. */
  #offer(page: TalkPage, msg: Message, send: Send): void {
    if (this.#voice && this.#voice.writer.handle.stats.readers > 0) return;
    this.#endVoice(new MediaError('CANCELLED', 'Another stream of the same microphone has begun.'));
    const microphone = page.microphone();
    const writer = createMedia({
      format: PCM_16K,
      policy: 'drop-oldest',
      preRollMs: PRE_ROLL_MS,
      capMs: PRE_ROLL_MS,
      label: `microphone of the talk page ${page.name}`,
      meta: { ...microphone.meta, page: page.name },
    });
    const reader = microphone.open();
    reader.on('data', (chunk: Buffer) => writer.write(chunk));
    writer.handle.setMuted(this.#mute.on);
    // Whoever reads the stream can mute it, too.
    writer.handle.on('mute', (muted) => this.#setMuted(muted));
    this.#voice = { writer, reader };
    delete msg.action;
    send({ ...msg, payload: writer.handle, page: page.name } as Message);
  }

  #endVoice(reason: MediaError): void {
    this.#voice?.reader.destroy();
    this.#voice?.writer.abort(reason);
    this.#voice = undefined;
  }

  /** A recording becomes a stream as from a file. */
  #convert(page: TalkPage, { data, mime, name }: TalkFile, who: TalkClientInfo): void {
    const control = new AbortController();
    const origin = { page: page.name, filename: name, ...(who.name && { client: who.name }) } as Message;
    const failed = (error: unknown): void => {
      this.#status.show('failed', 'failed', codeText(error));
      report(this.node, error, origin);
    };
    try {
      // Where the browser knows no type, the content has to tell.
      const format = /^(audio|video)\//.test(mime) ? mime : undefined;
      const arrived = mediaOf({ payload: data, format } as Message);
      if (!arrived) return;
      const { handle } = pcmOf(arrived, { output: PCM_16K, signal: control.signal });
      this.#files.add(control);
      void finished(handle).then((outcome) => {
        this.#files.delete(control);
        if (outcome.state === 'aborted' && !onPurpose(outcome.error)) failed(outcome.error);
      });
      this.node.send({ ...origin, payload: handle });
    } catch (error) {
      failed(error);
    }
  }

  #setMuted(muted: boolean): void {
    this.#mute.set(muted);
    this.#voice?.writer.handle.setMuted(muted);
    this.#seat.held?.microphone().setMuted(muted);
    this.#show();
  }

  #show(): void {
    const page = this.#seat.held;
    // Why there is none stands there already.
    if (!page) return;
    const clients = page.clients.length;
    const { newPin } = this.#seat.service;
    if (this.#mute.on) this.#status.show('quiet', 'muted');
    else if (this.#talking) this.#status.show('ok', 'listening');
    else if (clients > 0) this.#status.show('ok', 'browsers', String(clients));
    else if (newPin) this.#status.show('waiting', 'pin', newPin);
    else this.#status.show('quiet', 'nobody');
  }
}
