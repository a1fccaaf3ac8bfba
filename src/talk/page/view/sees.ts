import { byId, setText } from './elements';

/** A picture that was looked at so long ago (ms) is no longer what the model sees. */
const STALE_MS = 60_000;

/** What the model sees: the picture it was shown last. */
export class Sees {
  readonly #panel = byId('sees');
  readonly #image = byId<HTMLImageElement>('sees-picture');
  readonly #words = byId('sees-words');
  #sent: Blob | undefined;
  #address = '';
  #stale: ReturnType<typeof setTimeout> | undefined;
  #elsewhereAt = 0;

  /** A picture left this page; whether it is looked at is told by the hub. */
  sent(jpeg: Blob): void {
    this.#sent = jpeg;
    if (this.#panel.hidden) this.#show(jpeg, 'Not looked at yet');
  }

  /** The hub says that the model was shown a picture: ours, or one that comes next. */
  shown(from: 'you' | 'elsewhere', at: number): void {
    if (from === 'elsewhere') this.#elsewhereAt = at;
    else if (this.#sent) this.#show(this.#sent, `Yours, ${time(at)}`);
  }

  /** The picture from elsewhere. */
  elsewhere(jpeg: Uint8Array): void {
    this.#show(new Blob([jpeg.slice()], { type: 'image/jpeg' }), time(this.#elsewhereAt || Date.now()));
  }

  /** Nothing is shared here any more. */
  ended(): void {
    this.#sent = undefined;
    this.#hide();
  }

  #show(jpeg: Blob, words: string): void {
    URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(jpeg);
    this.#image.src = this.#address;
    this.#image.alt = 'The picture that the model was shown last';
    setText(this.#words, words);
    this.#panel.hidden = false;
    clearTimeout(this.#stale);
    this.#stale = setTimeout(() => this.#hide(), STALE_MS);
  }

  #hide(): void {
    clearTimeout(this.#stale);
    this.#panel.hidden = true;
    this.#image.removeAttribute('src');
    URL.revokeObjectURL(this.#address);
  }
}

const time = (at: number): string => new Date(at).toLocaleTimeString();
