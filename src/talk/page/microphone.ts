import { audioContext, unlock } from './sound';

/** What the microphone tells. */
export interface MicrophoneHooks {
  /** 20 ms of PCM16 at 16 kHz. */
  frame(pcm: Int16Array): void;
  /** 0…1, root mean square. */
  level(level: number): void;
  /** The device is gone: unplugged, or taken away by the system. */
  lost(): void;
}

type Told = { pcm?: Int16Array; level?: number; closed?: true };

/** The browser's microphone, with its echo cancellation and noise suppression. */
export class Microphone {
  readonly #hooks: MicrophoneHooks;
  #stream: MediaStream | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #node: AudioWorkletNode | undefined;
  #closed: (() => void) | undefined;
  #opening: Promise<void> | undefined;
  #device = '';

  constructor(hooks: MicrophoneHooks) {
    this.#hooks = hooks;
  }

  get open(): boolean {
    return this.#stream !== undefined;
  }

  /** @param device its id, or '' for the system's choice. An open one is exchanged when it is another */
  async start(device: string): Promise<void> {
    if (this.open && device === this.#device) return;
    await this.#opening?.catch(() => undefined);
    if (this.open) this.release();
    this.#opening = this.#start(device);
    await this.#opening;
  }

  async #start(device: string): Promise<void> {
    const context = await audioContext();
    unlock();
    const stream = await userMedia(device);
    this.#device = device;
    this.#stream = stream;
    this.#node = new AudioWorkletNode(context, 'capture', { numberOfInputs: 1, numberOfOutputs: 1 });
    this.#node.port.onmessage = ({ data }: MessageEvent<Told>) => this.#take(data);
    this.#source = context.createMediaStreamSource(stream);
    // It puts out silence; without a way to the speaker some browsers would not run it.
    this.#source.connect(this.#node).connect(context.destination);
    stream.getAudioTracks()[0]!.addEventListener('ended', () => {
      if (this.#stream !== stream) return;
      this.release();
      this.#hooks.lost();
    });
  }

  /** From now on frames are told. */
  listen(): void {
    this.#node?.port.postMessage({ open: true });
  }

  /** No frames any more, after the last one was told. The device stays open, so that the next word is not cut. */
  async pause(): Promise<void> {
    const node = this.#node;
    if (!node) return;
    await new Promise<void>((resolve) => {
      this.#closed = resolve;
      node.port.postMessage({ open: false });
      setTimeout(resolve, 250); // a context that was suspended meanwhile says nothing
    });
  }

  /** Lets the device go: its light goes out. */
  release(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#source?.disconnect();
    this.#node?.disconnect();
    this.#closed?.();
    this.#stream = this.#source = this.#node = undefined;
    this.#hooks.level(0);
  }

  #take({ pcm, level, closed }: Told): void {
    if (pcm) this.#hooks.frame(pcm);
    if (level !== undefined && this.open) this.#hooks.level(level);
    if (closed) this.#closed?.();
  }
}

async function userMedia(deviceId: string): Promise<MediaStream> {
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  const chosen = deviceId === '' ? audio : { ...audio, deviceId: { exact: deviceId } };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: chosen });
  } catch (error) {
    // The chosen one is not there today: better another than none.
    const gone = error instanceof Error && /^(OverconstrainedError|NotFoundError)$/.test(error.name);
    if (!gone || deviceId === '') throw error;
    return await navigator.mediaDevices.getUserMedia({ audio });
  }
}
