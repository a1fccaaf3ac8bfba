import {
  captureVideo,
  frameInfo,
  MediaError,
  PictureStream,
  takePicture,
  type MediaHandle,
  type Picture,
  type VideoState,
} from '../../src/media';
import { describe, NodeError, report } from '../shared/errors';
import { finished, onPurpose, within } from '../shared/handles';
import { codeText, StatusLine } from '../shared/status';
import type { Message, Red, RedNode, Send } from '../shared/types';
import { userDir } from '../shared/values';
import { Arrivals } from './arrivals';
import { pictureOf } from './arrived';
import { withPicture } from './message';
import { settingsOf, sourceOf, type VideoInCredentials, type VideoInDef } from './options';

/** Longest wait for a source to be gone when the node closes (ms); Node-RED gives up after 15 s. */
const CLOSE_MS = 5000;

/** A source that is being watched. */
interface Watching {
  handle: MediaHandle;
  control: AbortController;
  /** Source and settings, by which a second start is known to be the same. */
  key: string;
}

/** One video-in node: what it watches, and what it does with messages. */
export class VideoIn {
  readonly #status: StatusLine;
  readonly #arrivals: Arrivals;
  #watching: Watching | undefined;
  /** Captures that have not ended, also those that others have taken the place of. */
  readonly #ending = new Set<Promise<unknown>>();
  #stream: PictureStream | undefined;
  /** Looks that go on, and all that waits for the next one. */
  #look: Promise<Picture> | undefined;
  #nextLook: Promise<Picture> | undefined;
  #stopLooks = new AbortController();
  #sequence = 0;

  constructor(
    private readonly RED: Red,
    private readonly node: RedNode,
    private readonly def: VideoInDef,
  ) {
    this.#status = new StatusLine(RED, node);
    this.#arrivals = new Arrivals(def.output !== 'picture');
    this.#rest();
  }

  get active(): boolean {
    return this.#watching !== undefined;
  }

  async input(msg: Message, send: Send): Promise<void> {
    const { source, output } = this.def;
    try {
      switch (msg.action) {
        case undefined:
        case '':
          if (source === 'input') return await this.#arrive(msg, send);
          return output === 'picture' ? await this.#lookFor(msg, send) : this.start(msg, send);
        case 'start':
          if (source === 'input') throw this.#unknown(msg.action, 'stop');
          return this.start(msg, send);
        case 'look':
          if (source === 'input') throw this.#unknown(msg.action, 'stop');
          return await this.#lookFor(msg, send);
        case 'stop':
          return this.stop('CANCELLED');
        default:
          throw this.#unknown(msg.action, source === 'input' ? 'stop' : 'start", "stop" or "look');
      }
    } catch (error) {
      this.#status.show('failed', 'failed', codeText(error));
      throw error;
    }
  }

  /** Begins to watch. What is watched already goes on as it is: what looks at it has its stream. */
  start(msg: Message, send: Send): void {
    const source = sourceOf(this.def, this.#credentials, msg);
    const settings = settingsOf(this.def, msg);
    const key = JSON.stringify([source, settings]);
    if (this.#watching?.key === key) return;
    this.#watching?.control.abort();
    const control = new AbortController();
    const { retry, autostart } = this.def;
    let state: VideoState = 'opening';
    const handle = captureVideo({
      ...settings,
      source,
      signal: control.signal,
      retry: retry === false ? 'never' : autostart ? 'always' : 'later',
      onState: (next) => {
        state = next;
        show();
      },
    });
    const watching = { handle, control, key };
    const show = (): void => {
      if (this.#watching !== watching) return;
      if (state === 'watching' && handle.muted) this.#status.show('quiet', 'muted');
      else this.#status.show(state === 'watching' ? 'ok' : 'waiting', state);
    };
    this.#watching = watching;
    this.#follow(watching, { ...msg }, show);
    send(carry(msg, handle));
  }

  stop(code: 'CANCELLED' | 'NODE_CLOSED'): void {
    const reason = new MediaError(code, 'The video-in node was stopped.');
    this.#watching?.control.abort(reason);
    this.#stopLooks.abort(reason);
    this.#stopLooks = new AbortController();
    this.#arrivals.cancel();
    this.#stream?.end();
    this.#stream = undefined;
    if (!this.#watching) this.#rest();
  }

  async close(): Promise<void> {
    this.stop('NODE_CLOSED');
    await within(CLOSE_MS, Promise.allSettled([...this.#ending, this.#look, this.#nextLook]));
  }

  get #credentials(): VideoInCredentials {
    return (this.node.credentials as VideoInCredentials | undefined) ?? {};
  }

  #follow(watching: Watching, origin: Message, show: () => void): void {
    const { handle } = watching;
    handle.on('mute', show);
    handle.on('warning', (warning) => {
      // What a reader did wrong is no failure of the camera.
      if (/^(BAD_INPUT|WRITE_FAILED)$/.test(warning.code)) this.node.warn(warning.message);
      else report(this.node, warning, origin);
    });
    show();
    const ending = finished(handle).then((outcome) => {
      this.#ending.delete(ending);
      if (this.#watching !== watching) return;
      this.#watching = undefined;
      this.#rest();
      if (outcome.state !== 'aborted' || onPurpose(outcome.error)) return;
      this.#status.show('failed', 'failed', codeText(outcome.error));
      report(this.node, outcome.error, origin);
    });
    this.#ending.add(ending);
  }

  /** One picture, of now. */
  async #lookFor(msg: Message, send: Send): Promise<void> {
    const picture = await this.#oneOf(msg);
    if (picture) send(withPicture(msg, picture.jpeg, picture));
  }

  async #oneOf(msg: Message): Promise<Picture | undefined> {
    const { source } = this.def;
    const { handle } = this.#watching ?? {};
    // These can be opened only once: the newest frame of the stream shows what a look would.
    if (handle && (source === 'camera' || source === 'command')) {
      const frame = await newestOf(handle, this.#stopLooks.signal);
      return frame && { jpeg: frame, ...frameInfo(frame)! };
    }
    const { signal } = this.#stopLooks;
    try {
      return await this.#sharedLook(msg, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  /** Looks that are asked for while one goes on share the next one: each may start a program. */
  #sharedLook(msg: Message, signal: AbortSignal): Promise<Picture> {
    const before = this.#look;
    if (before) {
      return (this.#nextLook ??= before
        .catch(() => {})
        .then(() => {
          this.#nextLook = undefined;
          return this.#sharedLook(msg, signal);
        }));
    }
    const source = sourceOf(this.def, this.#credentials, msg);
    const settings = settingsOf(this.def, msg);
    if (!this.active) this.#status.show('busy', 'looking');
    const look = takePicture({ ...settings, source, signal }).finally(() => {
      this.#look = undefined;
      if (!this.active) this.#rest();
    });
    this.#look = look;
    return look;
  }

  /** A picture has arrived: goes on as a message of its own, or into the stream of all of them. */
  async #arrive(msg: Message, send: Send): Promise<void> {
    const settings = settingsOf(this.def, msg);
    const got = await pictureOf(msg, userDir(this.RED));
    const pictures = Buffer.isBuffer(got) ? [got] : got;
    const single = this.def.output === 'picture';
    for await (const bytes of pictures) {
      const picture = await this.#arrivals.take(bytes, settings);
      if (!picture) return;
      if (single) {
        this.#sequence += 1;
        return send(withPicture(msg, picture.jpeg, { ...picture, sequence: this.#sequence }));
      }
      if (!this.#stream) {
        this.#stream = new PictureStream(settings, 'pictures that arrive');
        this.#status.show('ok', 'watching');
        send(carry({ ...msg }, this.#stream.handle));
      }
      this.#stream.write(picture);
    }
  }

  #rest(): void {
    if (this.def.source === 'input' || this.def.output === 'picture') this.#status.clear();
    else this.#status.show('quiet', 'off');
  }

  #unknown(action: unknown, known: string): NodeError {
    return new NodeError(
      'UNKNOWN_ACTION',
      `video-in does not know the action ${describe(action)} for this source. Use "${known}".`,
    );
  }
}

/** The newest frame of a stream; waits for the first one. undefined when it ends before. */
async function newestOf(handle: MediaHandle, signal: AbortSignal): Promise<Buffer | undefined> {
  const reader = handle.open();
  const stop = (): void => void reader.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const frame of reader as AsyncIterable<Buffer>) return frame;
    return undefined;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    reader.destroy();
  }
}

/** The message goes on with the stream in it; what was meant for this node stays here. */
function carry(msg: Message, handle: MediaHandle): Message {
  delete msg.action;
  delete msg.format;
  msg.payload = handle;
  return msg;
}
