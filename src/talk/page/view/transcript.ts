import type { ServerMessage } from '../../wire';
import { byId, make, setText } from './elements';

type TextMessage = Extract<ServerMessage, { type: 'text' }>;
type ToolMessage = Extract<ServerMessage, { type: 'tool' }>;

/** Older entries go: a page may be open for weeks. */
const MOST = 400;
/** So near the end of the list (pixels) it follows what is new. */
const NEAR = 80;
const SPEAKERS = { user: 'You', model: 'Answer', thought: 'Thought' } as const;
const OUTCOMES = { ok: 'done', error: 'failed', cancelled: 'cancelled' } as const;

/** What was said by both sides and which functions were called, as it grows. */
export class Transcript {
  readonly #list = byId('transcript');
  readonly #scroll = byId('scroll');
  readonly #latest = byId('latest');
  readonly #announcer = byId('announcer');
  readonly #entries = new Map<string, HTMLElement>();
  /** Typed here, and not yet told by the hub. */
  readonly #typed: HTMLElement[] = [];

  #size = '';

  constructor() {
    const sizeNow = (): string => `${this.#scroll.clientHeight} ${this.#scroll.scrollHeight}`;
    const scrolled = (): void => {
      // The end moves away by itself when a keyboard comes out or the phone is turned: nobody has scrolled then.
      if (sizeNow() === this.#size) this.#latest.hidden = this.#following();
    };
    this.#scroll.addEventListener('scroll', scrolled, { passive: true });
    this.#latest.addEventListener('click', () => this.#follow('smooth'));
    const sizes = new ResizeObserver(() => {
      if (this.#latest.hidden) this.#follow();
      this.#size = sizeNow();
    });
    sizes.observe(this.#scroll);
    sizes.observe(this.#list);
  }

  /** The text of a role in a turn: it takes the place of what was there of it. */
  text({ role, turn, text, final }: TextMessage): void {
    if (text.trim() === '') return;
    const entry = this.#entryOf(role, turn, text);
    setText(entry.querySelector<HTMLElement>('.words')!, text);
    entry.classList.toggle('growing', !final);
    if (final && entry.dataset['said'] !== text && role !== 'thought') {
      entry.dataset['said'] = text;
      this.#announce(`${SPEAKERS[role]}: ${text}`);
    }
    this.#shown();
  }

  /** What is typed stands there at once; the hub tells it again. */
  typed(text: string): void {
    const entry = this.#make('user', text);
    entry.classList.add('growing');
    this.#typed.push(entry);
    this.#list.append(entry);
    this.#latest.hidden = true; // what one writes oneself one wants to see
    this.#shown();
  }

  tool({ id, name, args, outcome, ms }: ToolMessage): void {
    const key = `tool ${id}`;
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = toolEntry(name);
      this.#entries.set(key, entry);
      this.#list.append(entry);
    }
    const took = ms === undefined ? '' : ` · ${(ms / 1000).toFixed(1)} s`;
    entry.dataset['outcome'] = outcome ?? 'running';
    setText(entry.querySelector('.outcome')!, outcome ? `${OUTCOMES[outcome]}${took}` : 'running…');
    if (args !== undefined) {
      setText(entry.querySelector('.brief')!, brief(args));
      setText(entry.querySelector('pre')!, JSON.stringify(args, null, 2));
    }
    if (outcome) this.#announce(`Function ${name} ${OUTCOMES[outcome]}`);
    this.#shown();
  }

  #entryOf(role: TextMessage['role'], turn: number, text: string): HTMLElement {
    const key = `${role} ${turn}`;
    const known = this.#entries.get(key);
    if (known && this.#sameConversation(known, text)) return known;
    const own = role === 'user' ? this.#typed.findIndex((entry) => wordsOf(entry) === text.trim()) : -1;
    const entry = own < 0 ? this.#make(role, text) : this.#typed.splice(own, 1)[0]!;
    entry.dataset['turn'] = String(turn);
    this.#entries.set(key, entry);
    if (own < 0) this.#place(entry, role, turn);
    return entry;
  }

  /** What somebody said is often known only when the answer has begun: it stands before that nevertheless. */
  #place(entry: HTMLElement, role: TextMessage['role'], turn: number): void {
    const later = role === 'model' ? [] : role === 'user' ? ['thought', 'model'] : ['model'];
    const before = later
      .map((other) => this.#entries.get(`${other} ${turn}`))
      .find((each) => each?.isConnected);
    if (before && before === this.#list.lastElementChild) before.before(entry);
    else this.#list.append(entry);
  }

  /** A hub that was started again counts its turns anew: what was said before stays, and is not written over. */
  #sameConversation(entry: HTMLElement, text: string): boolean {
    if (!entry.classList.contains('earlier')) return true;
    entry.classList.remove('earlier');
    const before = wordsOf(entry);
    return text.trim().startsWith(before) || before.startsWith(text.trim());
  }

  /** The connection is new: what comes may be the same once more, or of another conversation. */
  welcome(): void {
    for (const entry of this.#entries.values()) entry.classList.add('earlier');
  }

  #make(role: TextMessage['role'], text: string): HTMLElement {
    const entry = make('li', `entry ${role}`);
    const words = make('p', 'words', text);
    words.dir = 'auto';
    entry.append(make('span', 'speaker', SPEAKERS[role]), words);
    return entry;
  }

  #announce(text: string): void {
    this.#announcer.textContent = text;
  }

  #shown(): void {
    byId('greeting').hidden = true;
    while (this.#list.childElementCount > MOST) this.#forget(this.#list.firstElementChild as HTMLElement);
    if (this.#latest.hidden) this.#follow();
  }

  #forget(entry: HTMLElement): void {
    entry.remove();
    for (const [key, each] of this.#entries) if (each === entry) this.#entries.delete(key);
  }

  #following(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #follow(behavior: ScrollBehavior = 'auto'): void {
    this.#scroll.scrollTo({ top: this.#scroll.scrollHeight, behavior });
    this.#latest.hidden = true;
  }
}

const wordsOf = (entry: HTMLElement): string => entry.querySelector('.words')?.textContent?.trim() ?? '';

function toolEntry(name: string): HTMLElement {
  const entry = make('li', 'entry tool');
  const details = make('details');
  const summary = make('summary');
  summary.append(make('span', 'name', name), make('span', 'brief'), make('span', 'outcome'));
  details.append(summary, make('pre'));
  entry.append(details);
  return entry;
}

/** Arguments in one line. */
function brief(args: Record<string, unknown>): string {
  return Object.entries(args)
    .map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}
