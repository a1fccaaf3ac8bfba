import type { NodeDef } from 'node-red';
import { captureMicrophone, MediaError, openAudioInput, PCM_16K, type MediaHandle } from '../../src/media';
import { serveDialogs } from '../shared/admin';
import { describe, NodeError, report } from '../shared/errors';
import { finished, onPurpose, within } from '../shared/handles';
import { afterDeployOnce, onClose, onInput } from '../shared/lifecycle';
import { mediaOf, pcmOf } from '../shared/payload';
import { codeText, StatusLine } from '../shared/status';
import { serveTalk } from '../shared/talk/admin';
import { textOf, userDir } from '../shared/values';
import type { Message, Red, RedNode, Send } from '../shared/types';
import { BrowserIn } from './browser';
import { Mute, muteOf } from './mute';
import { locate } from './source';

/** The fields of the dialog. */
interface AudioInDef extends NodeDef {
  source: 'microphone' | 'browser' | 'file' | 'input';
  device: string;
  /** Name of the talk page; a flow of before has none. */
  page?: string;
  file: string;
  /** Let a file through as fast as it is spoken. */
  realtime: boolean;
  /** Start after a deploy. */
  autostart: boolean;
}

/** What is behind the node, whatever its source. */
interface Source {
  readonly active: boolean;
  input(msg: Message, send: Send): void | Promise<void>;
  stop(code: 'CANCELLED' | 'NODE_CLOSED'): void;
  /** @param removed the node does not come back */
  close(removed: boolean): Promise<void>;
}

interface AudioInNode extends RedNode {
  audioIn: Source;
}

/** Longest wait for a device or decoder to be gone when the node closes (ms); Node-RED gives up after 15 s. */
const CLOSE_MS = 5000;

/** One audio-in node: what it has running, and how that starts and stops. */
class AudioIn implements Source {
  readonly #running = new Map<MediaHandle, AbortController>();
  #microphone: MediaHandle | undefined;
  readonly #mute: Mute;
  #closed = false;
  readonly #status: StatusLine;

  constructor(
    private readonly RED: Red,
    private readonly node: RedNode,
    private readonly def: AudioInDef,
  ) {
    this.#status = new StatusLine(RED, node);
    this.#mute = new Mute(node);
    if (def.source !== 'microphone') return;
    this.#showMicrophone();
    void this.#mute.ready.then(() => this.#showMicrophone());
  }

  get active(): boolean {
    return this.#running.size > 0;
  }

  async input(msg: Message, send: Send): Promise<void> {
    switch (msg.action) {
      case undefined:
      case '':
      case 'start':
        return this.start(msg, send);
      case 'stop':
        return this.stop('CANCELLED');
      case 'mute':
        return this.#setMuted(msg);
      default:
        throw new NodeError(
          'UNKNOWN_ACTION',
          `audio-in does not know the action ${describe(msg.action)}. Use "start", "stop" or "mute".`,
        );
    }
  }

  /** Resolves when a file or conversion is through; for a microphone as soon as it is on. */
  async start(msg: Message, send: Send): Promise<void> {
    try {
      if (this.def.source === 'microphone') await this.#listen(msg, send);
      else await this.#convert(await this.#open(msg), msg, send);
    } catch (error) {
      this.#status.show('failed', 'failed', codeText(error));
      throw error;
    }
  }

  stop(code: 'CANCELLED' | 'NODE_CLOSED'): void {
    for (const control of this.#running.values()) {
      control.abort(new MediaError(code, 'The audio-in node was stopped.'));
    }
  }

  async close(removed: boolean): Promise<void> {
    this.#closed = true;
    if (removed) this.#mute.forget();
    const ends = [...this.#running.keys()].map(finished);
    this.stop('NODE_CLOSED');
    await within(CLOSE_MS, Promise.all(ends));
  }

  /** Also before it is started: then it starts muted, and so it does after a deploy. */
  async #setMuted(msg: Message): Promise<void> {
    if (this.def.source !== 'microphone') {
      throw new NodeError(
        'UNKNOWN_ACTION',
        'There is no microphone to mute here: the source of this audio-in is another one. Use "stop".',
      );
    }
    await this.#mute.ready;
    const muted = muteOf(msg.payload, this.#mute.on);
    this.#mute.set(muted);
    this.#microphone?.setMuted(muted);
    this.#showMicrophone();
  }

  #showMicrophone(): void {
    const on = this.#microphone?.state === 'open';
    if (this.#mute.on) this.#status.show('quiet', on ? 'muted' : 'offMuted');
    else this.#status.show(on ? 'ok' : 'quiet', on ? 'listening' : 'off');
  }

  /** A microphone that is on stays as it is: what listens to it has its stream already. */
  async #listen(msg: Message, send: Send): Promise<void> {
    await this.#mute.ready;
    if (this.#closed) return;
    const device = textOf(msg.device) ?? this.def.device;
    if (this.#microphone?.state === 'open') {
      if (this.#microphone.meta.device === device) return;
      this.#running
        .get(this.#microphone)
        ?.abort(new MediaError('CANCELLED', 'Another microphone was chosen.'));
    }
    const control = new AbortController();
    const handle = captureMicrophone({ ...(device && { device }), signal: control.signal });
    handle.meta.device = device;
    this.#microphone = handle;
    this.#follow(handle, control);
    const origin = { ...msg };
    handle.setMuted(this.#mute.on);
    // Whoever reads the stream can mute it, too.
    handle.on('mute', (muted) => {
      this.#mute.set(muted);
      this.#showMicrophone();
    });
    this.#showMicrophone();
    void finished(handle).then((outcome) => {
      if (this.#microphone !== handle) return;
      this.#microphone = undefined;
      this.#showMicrophone();
      if (outcome.state !== 'aborted' || onPurpose(outcome.error)) return;
      this.#status.show('failed', 'failed', codeText(outcome.error));
      report(this.node, outcome.error, origin);
    });
    send(carry(msg, handle));
  }

  async #open(msg: Message): Promise<{ handle: MediaHandle; control: AbortController }> {
    const control = new AbortController();
    const { signal } = control;
    const named = textOf(msg.filename) ?? (this.def.source === 'input' ? textOf(msg.payload) : this.def.file);
    if (named !== undefined) {
      const source = await locate(named, userDir(this.RED));
      return {
        handle: openAudioInput({ source, output: PCM_16K, realtime: this.def.realtime === true, signal }),
        control,
      };
    }
    const arrived = mediaOf(msg);
    if (!arrived) {
      throw new NodeError(
        'BAD_PAYLOAD',
        `audio-in cannot use ${describe(msg.payload)}. Send a Buffer or stream with msg.format, a media stream, or the path or URL of a file.`,
      );
    }
    return { handle: pcmOf(arrived, { output: PCM_16K, signal }).handle, control };
  }

  async #convert(
    opened: { handle: MediaHandle; control: AbortController },
    msg: Message,
    send: Send,
  ): Promise<void> {
    const { handle, control } = opened;
    this.#follow(handle, control);
    this.#status.show('busy', 'reading');
    send(carry(msg, handle));
    const outcome = await finished(handle);
    if (!this.active) this.#status.clear();
    if (outcome.state === 'aborted' && !onPurpose(outcome.error)) throw outcome.error;
  }

  #follow(handle: MediaHandle, control: AbortController): void {
    this.#running.set(handle, control);
    handle.on('warning', (warning) => this.node.warn(warning.message));
    void finished(handle).then(() => this.#running.delete(handle));
  }
}

/** The message goes on with the stream in it; what was meant for this node stays here. */
function carry(msg: Message, handle: MediaHandle): Message {
  delete msg.action;
  delete msg.format;
  msg.payload = handle;
  return msg;
}

/** `gemini-live-audio-in`: microphone, browser, file or URL, or what arrives, as 16 kHz mono PCM. */
export default function (RED: Red): void {
  function GeminiLiveAudioIn(this: AudioInNode, def: AudioInDef): void {
    RED.nodes.createNode(this, def);
    const audioIn: Source =
      def.source === 'browser' ? new BrowserIn(RED, this, def.page) : new AudioIn(RED, this, def);
    this.audioIn = audioIn;
    onInput(this, (msg, send) => audioIn.input(msg, send));
    const begin = (): void => {
      const starting = async (): Promise<void> => audioIn.input({}, (out) => this.send(out));
      starting().catch((error: unknown) => report(this, error));
    };
    // A browser begins by itself, and what arrives has nothing to begin with.
    const starts = def.autostart && (def.source === 'microphone' || def.source === 'file');
    const unsubscribe = starts ? afterDeployOnce(RED, begin) : undefined;
    onClose(this, async (removed) => {
      unsubscribe?.();
      await audioIn.close(removed);
    });
  }
  RED.nodes.registerType('gemini-live-audio-in', GeminiLiveAudioIn);
  serveDialogs(RED);
  serveTalk(RED);
  serveButton(RED);
}

/** `POST gemini-live/audio-in/<id>`: what the node's button does. Starts it, or stops it when it runs. */
function serveButton(RED: Red): void {
  RED.httpAdmin.post(
    '/gemini-live/audio-in/:id',
    RED.auth.needsPermission('gemini-live.write'),
    (request, response) => {
      const node = RED.nodes.getNode(String(request.params.id)) as AudioInNode | null;
      if (!node?.audioIn) {
        response.sendStatus(404);
        return;
      }
      if (node.audioIn.active) node.audioIn.stop('CANCELLED');
      // Through the input, so that a failure is reported as for any other message.
      else node.receive({ action: 'start' });
      response.sendStatus(200);
    },
  );
}
