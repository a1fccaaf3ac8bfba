import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** The lines that a person writes, or that come from a pipe. */
export class Lines {
  private readonly reader: Interface;
  private readonly queue: string[] = [];
  private ended = false;
  private wake: () => void = () => {};

  /** @param out where the terminal echoes; undefined when there is no person in front */
  constructor(
    private readonly input: Readable,
    private readonly out: Writable | undefined,
    onInterrupt: () => void,
  ) {
    this.reader = createInterface({ input, output: out, terminal: out !== undefined, prompt: '> ' });
    this.reader.on('line', (line) => {
      this.queue.push(line);
      this.wake();
    });
    this.reader.on('close', () => {
      this.ended = true;
      this.wake();
    });
    // In a terminal, Ctrl-C comes as a key and not as a signal.
    this.reader.on('SIGINT', onInterrupt);
    input.on('error', () => this.reader.close());
  }

  /** The next line; undefined when there is none any more. */
  async next(): Promise<string | undefined> {
    while (this.queue.length === 0 && !this.ended) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.queue.shift();
  }

  /** Shows that it is the person's turn. */
  prompt(): void {
    if (this.out && !this.ended) this.reader.prompt(true);
  }

  close(): void {
    this.reader.close();
    this.input.pause();
    this.input.destroy();
  }
}
