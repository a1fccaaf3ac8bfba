import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DayStore } from '../../src/live';

type Spent = NonNullable<ReturnType<DayStore['load']>>;

const NAME = '.gemini-live-spent.json';

/** One object per file: all config nodes add to the same sums. */
const files = new Map<string, SpentFile>();

/**
 * What was spent today with each key, which is named by its hash. Kept in a file, so that a restart of Node-RED does not begin
 * the day anew: a limit of cost that forgets is none.
 */
export class SpentFile implements DayStore {
  private readonly sums: Map<string, Spent>;
  private writing: Promise<void> | undefined;
  private changed = false;

  private constructor(
    private readonly file: string,
    private readonly failed: (message: string) => void,
  ) {
    this.sums = read(file);
  }

  /**
   * The file in a folder.
   *
   * @param folder Node-RED's user directory
   * @param failed told when the file cannot be written; the sums are then kept in memory alone
   */
  static in(folder: string, failed: (message: string) => void): SpentFile {
    const file = path.join(folder, NAME);
    const known = files.get(file) ?? new SpentFile(file, failed);
    files.set(file, known);
    return known;
  }

  load(key: string): Spent | undefined {
    return this.sums.get(key);
  }

  save(key: string, spent: Spent): void {
    for (const [other, { day }] of this.sums) if (day !== spent.day) this.sums.delete(other);
    this.sums.set(key, spent);
    this.changed = true;
    this.writing ??= this.write().finally(() => (this.writing = undefined));
  }

  /** Resolves when everything is on the disk. */
  async written(): Promise<void> {
    await this.writing;
  }

  /** Into another file first: one that was half written when the power failed would be worth nothing. */
  private async write(): Promise<void> {
    try {
      while (this.changed) {
        this.changed = false;
        const draft = `${this.file}.${process.pid}`;
        await writeFile(draft, `${JSON.stringify(Object.fromEntries(this.sums))}\n`, { mode: 0o600 });
        await rename(draft, this.file);
      }
    } catch (error) {
      this.failed(
        `What was spent today cannot be kept in ${this.file} (${(error as Error).message}): a restart of Node-RED will begin at 0. Make the user directory writable.`,
      );
    }
  }
}

/** A file that is missing or spoilt is no reason to stop: the day begins at 0. */
function read(file: string): Map<string, Spent> {
  try {
    const entries = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Partial<Spent>>);
    return new Map(entries.filter((entry): entry is [string, Spent] => isSpent(entry[1])));
  } catch {
    return new Map();
  }
}

function isSpent(value: Partial<Spent> | null): boolean {
  return typeof value?.day === 'string' && typeof value.usd === 'number' && value.usd >= 0;
}
