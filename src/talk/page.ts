import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import { callListeners, isMediaHandle, isPcm, MediaError, type MediaHandle } from '../media';
import type { TalkPlayed } from './answer';
import { TalkClient, type ClientSurroundings } from './client';
import { Eye } from './eye';
import { Mouth } from './mouth';
import { News, type TalkNews } from './news';
import { Podium } from './podium';
import { Program } from './program';
import { refusal } from './refusals';
import type { TalkFile } from './upload';
import { Visitor } from './visitor';
import { Close, FromClient, type ClientMessage, type TalkMode } from './wire';

/** One client, as others may know it. */
export interface TalkClientInfo {
  /** What the person calls this browser; may be empty. */
  readonly name: string;
  readonly floor: boolean;
}

/** Events of a {@link TalkPage}. Listeners that throw harm nobody. */
export interface TalkPageEvents {
  /** Somebody typed. */
  text: [text: string, from: TalkClientInfo];
  /** Somebody sent a recorded sound. */
  file: [file: TalkFile, from: TalkClientInfo];
  /** Somebody who has the floor begins or stops talking. Every beginning is followed by an end. */
  talk: [talk: { on: boolean; mode: TalkMode }];
  /** What camera or screen is looked at now. */
  video: [source: 'camera' | 'screen' | 'off'];
  /** Somebody wants the answer to stop; its sound on this page was stopped already. */
  stop: [];
  /** Clients came, went, or the floor changed hands. */
  clients: [clients: readonly TalkClientInfo[]];
}

/**
 * One talk page: any number of browsers that take part in one conversation. All hear the answers and see what is shown; one at
 * a time has the floor (see `Floor` for the rule), and what it says is the page's microphone. Anybody may type, send a file,
 * and stop the answer; the pictures are those of whoever switched camera or screen on last.
 *
 * How far an answer was heard is what the client with the floor reports; without one, the client that had it last, else the one
 * that is there longest.
 */
export class TalkPage extends EventEmitter<TalkPageEvents> {
  readonly #people = new Map<TalkClient, Visitor>();
  /** Also those that did not say hello yet. */
  readonly #all = new Set<TalkClient>();
  readonly #podium: Podium;
  readonly #mouth: Mouth;
  readonly #eye = new Eye();
  readonly #news: News;
  readonly #program: Program;
  #video: Visitor['video'] = 'off';
  /** Whether anybody has asked for the microphone. */
  #heard = false;
  #closed = false;

  /** Use `hub.page(name)`. */
  constructor(
    readonly name: string,
    private readonly around: ClientSurroundings,
    nextStream: () => number,
  ) {
    super();
    this.#mouth = new Mouth(around.now);
    this.#news = new News(around.limits.history);
    const { times, now } = around;
    const clients = (): Iterable<TalkClient> => this.#people.keys();
    this.#podium = new Podium({
      ...{ now, clients, quietMs: times.quiet },
      soundAt: () => this.#mouth.lastAt,
      talk: (talk) => this.#talked(talk),
    });
    const stage = { times, now, clients, lead: () => this.#lead };
    this.#program = new Program(stage, nextStream);
    this.#mouth.handle.on('mute', (muted) => this.#broadcast(JSON.stringify({ type: 'muted', muted })));
  }

  /** Who is there. */
  get clients(): readonly TalkClientInfo[] {
    return [...this.#people.keys()].map((client) => this.#info(client));
  }

  /** Whether nobody else can come. */
  get full(): boolean {
    return this.#all.size >= this.around.limits.clients;
  }

  /** 16 kHz PCM of whoever has the floor; `drop-oldest`, the same handle every time. `setMuted()` switches it off. */
  microphone(): MediaHandle {
    this.#heard = true;
    return this.#mouth.handle;
  }

  /** JPEG pictures of the camera or screen that is looked at; `latest`, the same handle every time. */
  camera(): MediaHandle {
    return this.#eye.handle;
  }

  /**
   * Plays a stream to all clients, after those that wait already. Resolves when it was heard to its end or cut short: an aborted
   * stream is flushed everywhere at once. Played positions are reported to the handle.
   *
   * Rejects with a MediaError: `UNSUPPORTED_FORMAT` (not PCM), `NODE_CLOSED`.
   *
   * @param options `sink`: name under which positions are reported; default `browser`
   */
  async play(handle: MediaHandle, options: { sink?: string } = {}): Promise<TalkPlayed> {
    if (this.#closed) throw new MediaError('NODE_CLOSED', `The talk page "${this.name}" was closed.`);
    if (!isMediaHandle(handle) || !isPcm(handle.format)) {
      const what = isMediaHandle(handle) ? handle.format.mime : typeof handle;
      const message = `A talk page plays PCM audio, not ${what}. Convert it with an audio-in node first.`;
      throw new MediaError('UNSUPPORTED_FORMAT', message);
    }
    if (handle.state === 'aborted') return { playedMs: 0, aborted: true };
    return this.#program.play(handle, options.sink ?? 'browser');
  }

  /** Silence on all clients now; what waits to be played is cut, too. */
  stop(): void {
    this.#program.stop();
  }

  /**
   * Shows something on all clients, and on those that come later. Texts are whole: a later one of the same role and turn takes
   * the place of the earlier one. Turns and ids of calls are not used again by another conversation.
   *
   * @throws TypeError when it cannot be JSON
   */
  tell(news: TalkNews): void {
    this.#broadcast(this.#news.add(news));
  }

  /** Shows all clients a JPEG picture that the model was shown. */
  show(picture: Buffer): void {
    this.#eye.show(picture, this.#people.keys());
  }

  /** A socket that may come in. Internal: the hub has checked where it comes from. */
  accept(socket: WebSocket): void {
    const client = new TalkClient(socket, this.around, {
      message: (from, message) => this.#message(from, message),
      frame: (from, kind, payload) => this.#frame(from, kind, payload),
      gone: (who) => this.#gone(who),
    });
    this.#all.add(client);
  }

  /** Sends all clients away and ends the streams; internal: `hub.close()` does it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.stop();
    const gone = [...this.#all].map((client) => {
      client.end(Close.goingAway, 'GOING_AWAY');
      return client.closed;
    });
    await Promise.all(gone);
    this.#podium.close();
    this.#mouth.close();
    this.#eye.close();
  }

  get #lead(): TalkClient | undefined {
    const last = this.#podium.last;
    return last && this.#people.has(last) ? last : this.#people.keys().next().value;
  }

  #message(client: TalkClient, message: ClientMessage): boolean {
    if (message.type === 'hello') this.#welcome(client, message.have);
    const visitor = this.#people.get(client);
    if (!visitor) return false;
    switch (message.type) {
      case 'hello':
        break;
      case 'talk':
        this.#talk(client, message);
        break;
      case 'text':
        if (visitor.mayType(message.text, this.listenerCount('text') > 0))
          this.#emit('text', message.text, this.#info(client));
        break;
      case 'played':
        this.#program.played(client, message.stream, message.ms);
        break;
      case 'file':
        visitor.announce(message, this.listenerCount('file') > 0);
        break;
      case 'file-end':
        return this.#uploaded(visitor);
      case 'video':
        visitor.video = message.source;
        this.#eye.switch(client, message.source !== 'off');
        this.#eyeChanged();
        break;
      case 'stop':
        this.stop();
        this.#emit('stop');
    }
    return true;
  }

  #frame(client: TalkClient, kind: number, payload: Buffer): boolean {
    const visitor = this.#people.get(client);
    if (!visitor) return false;
    if (kind === FromClient.microphone) return this.#said(visitor, payload);
    if (payload.length > this.around.limits.pictureBytes) {
      client.refuse(refusal('TOO_LARGE'));
      return false;
    }
    if (kind === FromClient.file) return visitor.piece(payload);
    return visitor.mayShow() ? this.#eye.take(client, payload) : true;
  }

  #talk(client: TalkClient, { on, mode }: { on: boolean; mode: TalkMode }): void {
    if (!on) this.#podium.leave(client);
    else if (this.#heard) this.#podium.ask(client, mode);
    else client.refuse(refusal('NOT_TAKEN'));
  }

  #talked(talk: { on: boolean; mode: TalkMode }): void {
    if (!talk.on) this.#mouth.pause();
    this.#emit('talk', talk);
    this.#emit('clients', this.clients);
  }

  #said(visitor: Visitor, pcm: Buffer): boolean {
    if (pcm.length % 2 !== 0) return false;
    // What comes without the floor was on its way when it was lost, or waits for it.
    if (visitor.client === this.#podium.holder) visitor.tooMuch(!this.#mouth.take(pcm));
    return true;
  }

  #uploaded(visitor: Visitor): boolean {
    const file = visitor.whole();
    if (file) this.#emit('file', file, this.#info(visitor.client));
    return file !== false;
  }

  #welcome(client: TalkClient, have?: { stream: number; ms: number }): void {
    // The tab has lost its old socket, and we do not know it yet.
    for (const old of client.tab === undefined ? [] : this.#people.keys()) {
      if (old.tab === client.tab) this.#dismiss(old);
    }
    this.#people.set(client, new Visitor(client, this.around.limits, this.around.now));
    const floor = this.#podium.who(client);
    client.tell({ type: 'welcome', page: this.name, clients: this.#people.size, floor });
    for (const text of this.#news) client.send(text);
    if (this.#mouth.handle.muted) client.tell({ type: 'muted', muted: true });
    if (this.#podium.holder) this.#podium.tell(client);
    if (this.#eye.client) client.tell({ type: 'video', who: this.#eye.who(client) });
    this.#program.join(client, have);
    this.#clientsChanged(client);
  }

  #dismiss(client: TalkClient): void {
    client.end(Close.goingAway, 'REPLACED');
    this.#gone(client);
  }

  #gone(client: TalkClient): void {
    this.#all.delete(client);
    if (!this.#people.delete(client)) return;
    this.#eye.switch(client, false);
    this.#program.leave(client);
    this.#podium.leave(client);
    this.#eyeChanged();
    this.#clientsChanged();
  }

  #eyeChanged(): void {
    const client = this.#eye.client;
    for (const one of this.#people.keys()) one.tell({ type: 'video', who: this.#eye.who(one) });
    const source = (client && this.#people.get(client)?.video) ?? 'off';
    if (source === this.#video) return;
    this.#video = source;
    this.#emit('video', source);
  }

  #clientsChanged(except?: TalkClient): void {
    const text = JSON.stringify({ type: 'clients', clients: this.#people.size });
    for (const client of this.#people.keys()) if (client !== except) client.send(text);
    this.#emit('clients', this.clients);
  }

  #info(client: TalkClient): TalkClientInfo {
    return { name: client.name, floor: client === this.#podium.holder };
  }

  #broadcast(text: string): void {
    for (const client of this.#people.keys()) client.send(text);
  }

  /** Listeners are the host's: one that throws must end neither the page nor the process. */
  #emit<K extends keyof TalkPageEvents>(event: K, ...args: TalkPageEvents[K]): void {
    callListeners(this, event, args, () => {});
  }
}
