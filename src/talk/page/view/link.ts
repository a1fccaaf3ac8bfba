import type { TalkState } from '../../wire';
import type { Link } from '../connection';
import { byId, setText } from './elements';

type Kind = 'ok' | 'busy' | 'bad' | 'rest';

const KINDS: Record<TalkState, Kind> = {
  off: 'rest',
  connecting: 'busy',
  ready: 'ok',
  listening: 'ok',
  thinking: 'ok',
  speaking: 'ok',
  reconnecting: 'busy',
  asleep: 'rest',
  failed: 'bad',
};

/** The connection in words, at the top. */
export class LinkView {
  readonly #line = byId('connection');
  readonly #words = byId('connection-words');
  readonly #countdown = byId('countdown');
  readonly #retry = byId('retry');
  #timer: ReturnType<typeof setInterval> | undefined;
  #was = false;

  link(link: Link): void {
    clearInterval(this.#timer);
    setText(this.#countdown, '');
    this.#retry.hidden = link.name !== 'waiting' && link.name !== 'refused';
    switch (link.name) {
      case 'connecting':
        return this.#say('busy', this.#was ? 'Connecting again…' : 'Connecting…');
      case 'open':
        this.#was = true;
        return this.#say('ok', 'Connected');
      case 'pin':
        return this.#say('busy', 'This browser is not paired yet');
      case 'refused':
        return this.#say('bad', `${link.message} ${link.advice}`.trim());
      case 'waiting':
        this.#say('bad', link.why);
        this.#count(link.untilMs);
        this.#timer = setInterval(() => this.#count(link.untilMs), 1000);
    }
  }

  /** What the conversation behind the page is doing. */
  state(state: TalkState, words: string): void {
    this.#say(KINDS[state] ?? 'ok', words);
  }

  /** Counts down for the eye only: a screen reader would say every second of it. */
  #count(untilMs: number): void {
    const seconds = Math.max(1, Math.ceil((untilMs - Date.now()) / 1000));
    setText(this.#countdown, ` Again in ${seconds} s.`);
  }

  #say(kind: Kind, words: string): void {
    this.#line.dataset['kind'] = kind;
    setText(this.#words, words);
  }
}
