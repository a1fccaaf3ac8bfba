import type { Readable, Writable } from 'node:stream';
import type { LiveEvent } from '../../live';

/** What a command has around it: a process, or a test. */
export interface World {
  /** The model's words, or events: what a script wants. */
  out: Writable & { isTTY?: boolean };
  /** Everything else. */
  err: Writable & { isTTY?: boolean };
  input: Readable & { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
}

/** What control characters a text from the network may hold: none that moves the cursor or changes colours. */
const safe = (text: string): string => text.replace(/\r\n?/g, '\n').replace(/[^\P{Cc}\n\t]/gu, '');

/** Shows a conversation: as text, or as JSON lines. */
export class Screen {
  /** The model's text has not ended its line. */
  private inLine = false;

  constructor(
    private readonly world: Pick<World, 'out' | 'err'>,
    readonly json: boolean,
  ) {}

  /** A piece of what the model says. */
  say(text: string): void {
    if (this.json) return;
    const piece = safe(this.inLine ? text : text.trimStart());
    if (piece === '') return;
    this.world.out.write(piece);
    this.inLine = !piece.endsWith('\n');
  }

  /** The model has said what it had to say. */
  endLine(): void {
    if (this.inLine) this.world.out.write('\n');
    this.inLine = false;
  }

  /** One line for the person in front, never for a script. */
  note(text: string): void {
    if (!this.json) this.problem(text);
  }

  /** Something that is said in any case. */
  problem(text: string): void {
    // Both on one terminal: the model's line is ended first, and goes on afterwards.
    if (this.inLine && this.world.out.isTTY) this.endLine();
    this.world.err.write(`${safe(text).trimEnd()}\n`);
  }

  /** An event of the session, for scripts. */
  event(event: LiveEvent): void {
    if (this.json) this.world.out.write(`${JSON.stringify(event)}\n`);
  }

  /** A result, for scripts. */
  result(value: object): void {
    this.world.out.write(`${JSON.stringify(value)}\n`);
  }

  /** One line of a result, for people and scripts. */
  print(text: string): void {
    this.world.out.write(`${safe(text)}\n`);
  }
}
