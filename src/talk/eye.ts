import { createMedia, looksLikeJpeg, type MediaHandle } from '../media';
import type { TalkClient } from './client';
import { FromServer, type FloorHolder } from './wire';

/** A client behind by this much does not get pictures (bytes): sound comes first. */
const BUSY_BYTES = 256 * 1024;

/** The pictures of a page: whose camera or screen is looked at, and who is shown what the model sees. */
export class Eye {
  readonly #writer = createMedia({
    format: { mime: 'image/jpeg' },
    policy: 'latest',
    label: 'camera of the talk page',
    meta: { source: 'browser' },
  });
  /** Clients with their camera or screen on; who switched it on last stands last. */
  readonly #on = new Set<TalkClient>();
  readonly #takenBy = new WeakMap<Uint8Array, TalkClient>();
  /** The newest picture of the client that is looked at. */
  #newest: Buffer | undefined;

  constructor() {
    // A browser sends one each second, whatever it shows, so the newest is that of now.
    this.handle.on('wanted', () => void (this.#newest && this.#writer.write(this.#newest)));
  }

  get handle(): MediaHandle {
    return this.#writer.handle;
  }

  /** The client that is looked at. */
  get client(): TalkClient | undefined {
    return [...this.#on].at(-1);
  }

  /** Whose pictures are looked at, for one client. */
  who(client: TalkClient): FloorHolder {
    if (!this.client) return 'nobody';
    return this.client === client ? 'you' : 'other';
  }

  /** A client switches its pictures on or off; a new source counts as on anew. */
  switch(client: TalkClient, on: boolean): void {
    if (client === this.client || on) this.#newest = undefined;
    this.#on.delete(client);
    if (on) this.#on.add(client);
  }

  /** A picture of a client; false when it is none. Only those of the one that is looked at go on. */
  take(client: TalkClient, picture: Buffer): boolean {
    if (!looksLikeJpeg(picture)) return false;
    if (client !== this.client) return true;
    this.#takenBy.set(picture, client);
    this.#newest = picture;
    this.#writer.write(picture);
    return true;
  }

  /** Shows everybody a picture that the model was shown; who took it is only told. */
  show(picture: Buffer, clients: Iterable<TalkClient>): void {
    const at = Date.now();
    for (const client of clients) {
      const own = this.#takenBy.get(picture) === client;
      if (!own && client.backlog > BUSY_BYTES) continue;
      client.tell({ type: 'picture', from: own ? 'you' : 'elsewhere', at });
      if (!own) client.frame(FromServer.picture, 0, picture);
    }
  }

  close(): void {
    this.#writer.abort('NODE_CLOSED', 'The talk page was closed.');
  }
}
