import { shared } from './places';

/** Longer edge of a picture (pixels): more the model does not look at. */
const EDGE = 1024;
const QUALITY = 0.8;
/** One picture in this time (ms): the service takes one per second. */
const EVERY_MS = 1000;

/** What pictures tell. */
export interface PicturesHooks {
  picture(jpeg: Blob): void;
  /** Sharing is over, also when the browser's own "stop sharing" was pressed. */
  ended(): void;
}

/** Camera or screen, as one picture per second. */
export class Pictures {
  readonly #hooks: PicturesHooks;
  readonly #video = document.createElement('video');
  readonly #canvas = document.createElement('canvas');
  #stream: MediaStream | undefined;
  #ticker: Worker | undefined;

  constructor(hooks: PicturesHooks) {
    this.#hooks = hooks;
    this.#video.muted = true;
    this.#video.playsInline = true;
  }

  /** @param device id of the camera, '' for the system's choice (on a phone: the one that looks away from you) */
  async camera(device: string): Promise<void> {
    const which = device === '' ? { facingMode: 'environment' } : { deviceId: { ideal: device } };
    await this.#show(
      await navigator.mediaDevices.getUserMedia({
        video: { ...which, width: { ideal: 1280 }, height: { ideal: 720 } },
      }),
    );
  }

  async screen(): Promise<void> {
    await this.#show(
      await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 5 } }, audio: false }),
    );
  }

  stop(): void {
    if (!this.#stream) return;
    for (const track of this.#stream.getTracks()) track.stop();
    this.#ticker?.terminate();
    this.#stream = this.#ticker = undefined;
    this.#video.srcObject = null;
    this.#hooks.ended();
  }

  async #show(stream: MediaStream): Promise<void> {
    this.stop();
    this.#stream = stream;
    stream.getVideoTracks()[0]!.addEventListener('ended', () => {
      if (this.#stream === stream) this.stop();
    });
    this.#video.srcObject = stream;
    await this.#video.play();
    // A worker's clock: while a screen is shared this page is in the background, where its own timers are slowed down.
    this.#ticker = new Worker(shared('assets/ticker.js'));
    this.#ticker.onmessage = () => this.#take();
    this.#ticker.postMessage(EVERY_MS);
    this.#take();
  }

  #take(): void {
    const { videoWidth: width, videoHeight: height } = this.#video;
    const stream = this.#stream;
    if (!stream || width === 0) return;
    const scale = Math.min(1, EDGE / Math.max(width, height));
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    const { width: w, height: h } = this.#canvas;
    this.#canvas.getContext('2d')!.drawImage(this.#video, 0, 0, w, h);
    const made = (jpeg: Blob | null): void => {
      if (jpeg && this.#stream === stream) this.#hooks.picture(jpeg);
    };
    this.#canvas.toBlob(made, 'image/jpeg', QUALITY);
  }
}
