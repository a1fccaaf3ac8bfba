import type { NodeDef } from 'node-red';
import { MediaError, PCM_24K, Playout, writeAudioFile, isPcm, type MediaHandle } from '../../src/media';
import { serveDialogs } from '../shared/admin';
import { asError, describe, NodeError } from '../shared/errors';
import { retained, within } from '../shared/handles';
import { onClose, onInput } from '../shared/lifecycle';
import { mediaOf, pcmOf } from '../shared/payload';
import { codeText, StatusLine } from '../shared/status';
import { serveTalk } from '../shared/talk/admin';
import { Seat } from '../shared/talk/seat';
import type { Message, Red, RedNode, Send } from '../shared/types';
import { numberOf, textOf, userDir } from '../shared/values';
import { fileFor, type Finished } from './sinks';

/** The fields of the dialog. */
interface AudioOutDef extends NodeDef {
  sink: 'speaker' | 'browser' | 'file' | 'both';
  device: string;
  /** Name of the talk page; a flow of before has none. */
  page?: string;
  /** Per cent of the original loudness, 0 to 200. */
  volume: string | number;
  file: string;
  /** What a new answer does while another one plays. */
  overlap: 'queue' | 'replace';
}

/** Longest wait for devices and encoders to be gone when the node closes (ms); Node-RED gives up after 15 s. */
const CLOSE_MS = 8000;
const VOLUME = { min: 0, max: 200, default: 100 };

/** One audio-out node: a loudspeaker, browsers, files, or loudspeaker and files. */
class AudioOut {
  readonly #playout: Playout | undefined;
  readonly #seat: Seat | undefined;
  readonly #status: StatusLine;
  /** Streams that are being played or written. */
  readonly #jobs = new Map<AbortController, Promise<unknown>>();
  #volume = VOLUME.default;
  #muted = false;

  constructor(
    private readonly RED: Red,
    node: RedNode,
    private readonly def: AudioOutDef,
  ) {
    this.#status = new StatusLine(RED, node);
    if (def.sink === 'browser') {
      this.#seat = new Seat(RED, node, def.page, 'sound', {
        opened: () => this.#status.clear(),
        refused: (error) => this.#status.show('failed', 'failed', codeText(error)),
      });
    } else if (def.sink !== 'file')
      this.#playout = new Playout({ ...(def.device && { device: def.device }), name: node.id });
    try {
      this.#volume = numberOf(def.volume, 'volume', VOLUME);
    } catch (error) {
      this.#status.show('failed', 'failed', codeText(error));
      node.error(asError(error), {});
    }
    this.#loudness();
  }

  async input(msg: Message, send: Send): Promise<void> {
    switch (msg.action) {
      case undefined:
      case '':
        return this.#take(msg, send);
      case 'stop':
        return this.stop('CANCELLED');
      case 'volume':
        this.#volume = numberOf(msg.payload, 'volume', VOLUME);
        return this.#loudness();
      case 'mute':
        this.#muted = msg.payload !== false;
        return this.#loudness();
      default:
        throw new NodeError(
          'UNKNOWN_ACTION',
          `audio-out does not know the action ${describe(msg.action)}. Use "stop", "volume" (0 to 200) or "mute" (true or false).`,
        );
    }
  }

  /** Silence now; files are closed with what they have. */
  stop(code: 'CANCELLED' | 'NODE_CLOSED'): void {
    for (const control of this.#jobs.keys())
      control.abort(new MediaError(code, 'The audio-out node was stopped.'));
    this.#hush();
  }

  async close(): Promise<void> {
    const jobs = [...this.#jobs.values()];
    this.stop('NODE_CLOSED');
    await within(CLOSE_MS, Promise.allSettled([...jobs, this.#playout?.close(), this.#seat?.close()]));
  }

  /** Resolves when the stream was heard and written to its end, or cut short. */
  async #take(msg: Message, send: Send): Promise<void> {
    const arrived = mediaOf(msg);
    if (!arrived) {
      throw new NodeError(
        'BAD_PAYLOAD',
        `audio-out cannot use ${describe(msg.payload)}. Send the audio of a session, or a Buffer or stream with msg.format.`,
      );
    }
    const control = new AbortController();
    // PCM of any rate plays and is written as it is; only what is compressed is decoded first.
    const plain = arrived.kind === 'handle' && isPcm(arrived.handle.format) ? arrived.handle : undefined;
    const { handle, made } = plain
      ? { handle: plain, made: false }
      : pcmOf(arrived, { output: PCM_24K, signal: control.signal });
    const both = this.def.sink === 'both' && handle.policy === 'block';
    const job = this.#perform(both ? retained(handle) : handle, msg, control.signal);
    this.#jobs.set(control, job);
    try {
      const { finished, failure } = await job;
      // A stream made elsewhere was reported where it was made.
      if (made && handle.state === 'aborted' && handle.error && !control.signal.aborted) throw handle.error;
      const { action: _action, format: _format, ...rest } = msg;
      send({ ...rest, payload: finished });
      if (failure) throw failure;
    } catch (error) {
      this.#status.show('failed', 'failed', codeText(error));
      throw error;
    } finally {
      this.#jobs.delete(control);
    }
  }

  /** @returns `failure` of one of two sinks, when the other one did its work. */
  async #perform(
    handle: MediaHandle,
    msg: Message,
    signal: AbortSignal,
  ): Promise<{ finished: Finished; failure?: Error }> {
    const name = textOf(msg.filename) ?? textOf(this.def.file);
    const writes = this.def.sink === 'file' || this.def.sink === 'both';
    if (writes && name === undefined) {
      throw new NodeError(
        'BAD_CONFIG',
        'No file name is given. Enter one in the dialog or set msg.filename.',
      );
    }
    this.#status.show('busy', this.def.sink === 'file' ? 'writing' : 'playing');
    const [play, write] = await Promise.allSettled([
      this.#play(handle),
      writes
        ? writeAudioFile({ handle, file: fileFor(name!, userDir(this.RED), msg, handle), signal })
        : undefined,
    ]);
    const failures = [play, write].flatMap((end) => (end.status === 'rejected' ? [end.reason as Error] : []));
    if (failures.length > 0 && (this.def.sink !== 'both' || failures.length === 2)) throw failures[0]!;
    const played = play.status === 'fulfilled' ? play.value : undefined;
    const written = write.status === 'fulfilled' ? write.value : undefined;
    if (this.#jobs.size === 1) this.#status.clear();
    const finished = {
      ...(written && { file: written.file, bytes: written.bytes }),
      durationMs: Math.round(written?.durationMs ?? handle.durationMs),
      ...(played && { playedMs: Math.round(played.playedMs) }),
      incomplete: (written?.incomplete ?? false) || (played?.aborted ?? false) || handle.state === 'aborted',
    };
    return { finished, ...(failures[0] && { failure: failures[0] }) };
  }

  async #play(handle: MediaHandle): Promise<{ playedMs: number; aborted: boolean } | undefined> {
    if (this.def.overlap === 'replace') this.#hush();
    return this.#seat ? this.#seat.page.play(handle) : this.#playout?.play(handle);
  }

  #hush(): void {
    this.#playout?.stop();
    this.#seat?.held?.stop();
  }

  #loudness(): void {
    this.#playout?.setVolume(this.#muted ? 0 : this.#volume / 100);
  }
}

/** `gemini-live-audio-out`: loudspeaker, browsers, file, or loudspeaker and file. */
export default function (RED: Red): void {
  function GeminiLiveAudioOut(this: RedNode, def: AudioOutDef): void {
    RED.nodes.createNode(this, def);
    const audioOut = new AudioOut(RED, this, def);
    onInput(this, (msg, send) => audioOut.input(msg, send));
    onClose(this, () => audioOut.close());
  }
  RED.nodes.registerType('gemini-live-audio-out', GeminiLiveAudioOut);
  serveDialogs(RED);
  serveTalk(RED);
}
