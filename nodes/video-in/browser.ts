import { capturedAt, MediaError, PictureStream, preparePicture, type MediaReader } from '../../src/media';
import type { TalkPage } from '../../src/talk';
import { describe, NodeError, report } from '../shared/errors';
import { within } from '../shared/handles';
import { codeText, StatusLine } from '../shared/status';
import { Seat } from '../shared/talk/seat';
import type { Message, Red, RedNode, Send } from '../shared/types';
import { Arrivals } from './arrivals';
import { settingsOf, type VideoInDef } from './options';
import { withPicture } from './message';

/** Longest wait for browsers to be gone when the node closes (ms); Node-RED gives up after 15 s. */
const CLOSE_MS = 5000;
/** How long a picture is waited for where somebody shares (ms): a browser sends one each second. */
const PATIENCE_MS = 5000;

/** What somebody shares now, as the stream that goes on. */
interface Shared {
  stream: PictureStream;
  reader: MediaReader;
}

/** A video-in node whose camera is a talk page: what somebody shares there, camera or screen. */
export class BrowserView {
  readonly #seat: Seat;
  readonly #status: StatusLine;
  readonly #arrivals = new Arrivals(true);
  #shared: Shared | undefined;
  /** Since when something is shared (epoch ms): the page keeps its last picture of before. */
  #since: number | undefined;
  #sequence = 0;
  #stopLooks = new AbortController();

  constructor(
    RED: Red,
    private readonly node: RedNode,
    private readonly def: VideoInDef,
  ) {
    this.#status = new StatusLine(RED, node);
    this.#seat = new Seat(RED, node, def.page, 'camera', {
      opened: (page) => this.#opened(page),
      refused: (error) => this.#status.show('failed', 'failed', codeText(error)),
    });
  }

  get active(): boolean {
    return this.#shared !== undefined;
  }

  async input(msg: Message, send: Send): Promise<void> {
    const { page } = this.#seat;
    const look = this.def.output === 'picture' ? [undefined, '', 'look'] : ['look'];
    if (look.includes(msg.action as string)) return this.#look(page, msg, send);
    if (msg.action === 'stop') return this.stop('CANCELLED');
    if (msg.action && msg.action !== 'start') {
      throw new NodeError(
        'UNKNOWN_ACTION',
        `video-in does not know the action ${describe(msg.action)} for this source. Use "start", "stop" or "look".`,
      );
    }
    if (this.#since === undefined) throw nobodyShares(page);
    this.#begin(page, msg, send);
  }

  stop(code: 'CANCELLED' | 'NODE_CLOSED'): void {
    this.#stopLooks.abort(new MediaError(code, 'The video-in node was stopped.'));
    this.#stopLooks = new AbortController();
    this.#end();
  }

  async close(): Promise<void> {
    this.stop('NODE_CLOSED');
    await within(CLOSE_MS, this.#seat.close());
  }

  #opened(page: TalkPage): void {
    this.#show();
    page.on('video', (source) => {
      const shares = source !== 'off';
      this.#since = shares ? (this.#since ?? Date.now()) : undefined;
      if (!shares) this.#end();
      else if (this.def.output !== 'picture') this.#begin(page, {} as Message, (out) => this.node.send(out));
      this.#show();
    });
  }

  /** What is shared already goes on as it is: what looks at it has its stream. */
  #begin(page: TalkPage, msg: Message, send: Send): void {
    if (this.#shared) return;
    try {
      const settings = settingsOf(this.def, msg);
      const stream = new PictureStream(settings, `what is shared on the talk page ${page.name}`);
      const shared = { stream, reader: page.camera().open() };
      this.#shared = shared;
      stream.handle.on('wanted', () => page.camera().want());
      const forward = async (): Promise<void> => {
        for await (const frame of shared.reader as AsyncIterable<Buffer>) {
          if ((capturedAt(frame) ?? 0) < (this.#since ?? Infinity)) continue;
          const picture = await this.#arrivals.take(frame, settings);
          if (picture && this.#shared === shared) stream.write(picture);
        }
      };
      forward().catch((error: unknown) => {
        if (this.#shared === shared) this.#failed(error, msg);
      });
      delete msg.action;
      send({ ...msg, payload: stream.handle, page: page.name } as Message);
      this.#show();
    } catch (error) {
      this.#failed(error, msg);
    }
  }

  #end(): void {
    this.#arrivals.cancel();
    const shared = this.#shared;
    this.#shared = undefined;
    shared?.reader.destroy();
    shared?.stream.end();
    this.#show();
  }

  async #look(page: TalkPage, msg: Message, send: Send): Promise<void> {
    const frame = await this.#newest(page);
    const { jpeg, ...rest } = await preparePicture(frame, settingsOf(this.def, msg));
    this.#sequence += 1;
    send({ ...withPicture(msg, jpeg, { ...rest, sequence: this.#sequence }), page: page.name } as Message);
  }

  async #newest(page: TalkPage): Promise<Buffer> {
    const since = this.#since;
    if (since === undefined) throw nobodyShares(page);
    const reader = page.camera().open();
    const signal = AbortSignal.any([this.#stopLooks.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const stop = (): void => void reader.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const frame of reader as AsyncIterable<Buffer>) {
        if ((capturedAt(frame) ?? 0) >= since) return frame;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      reader.destroy();
    }
    throw new NodeError('NOT_RUNNING', `No picture came from the talk page "${page.name}".`);
  }

  #failed(error: unknown, msg: Message): void {
    this.#end();
    this.#status.show('failed', 'failed', codeText(error));
    report(this.node, error, msg);
  }

  #show(): void {
    if (!this.#seat.held) return;
    if (this.#since === undefined) this.#status.show('quiet', 'off');
    else this.#status.show('ok', 'watching');
  }
}

function nobodyShares({ name }: TalkPage): NodeError {
  return new NodeError(
    'NOT_RUNNING',
    `Nobody shares a camera or screen on the talk page "${name}". Open it in a browser, and switch one on there.`,
  );
}
