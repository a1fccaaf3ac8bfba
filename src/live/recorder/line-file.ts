import { appendFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * A text file that grows by whole lines. It is opened for each write alone, so nothing is held by one that nobody closes,
 * and what was written is there after a kill.
 */
export class LineFile {
  /** Written so far (bytes). */
  bytes = 0;
  private started = false;

  constructor(readonly file: string) {}

  /** Appends lines; the first write replaces what was there before. @throws Error that says what to do */
  async write(lines: string): Promise<void> {
    try {
      if (!this.started) await this.start();
      await appendFile(this.file, lines);
      this.bytes += Buffer.byteLength(lines);
    } catch (error) {
      throw new Error(explain(this.file, error as NodeJS.ErrnoException), { cause: error });
    }
  }

  private async start(): Promise<void> {
    const there = await stat(this.file).catch(() => undefined);
    // A pipe that nobody reads would hold up every later access to files.
    if (there?.isFIFO() || there?.isSocket()) throw Object.assign(new Error(), { code: 'EFIFO' });
    // Spoken words of people: for nobody else on the machine.
    await writeFile(this.file, '', { mode: 0o600 });
    this.started = true;
  }
}

const REASONS: Record<string, string> = {
  ENOSPC: 'the disk is full. Make room, or choose another place',
  EDQUOT: 'the disk quota is used up. Make room, or choose another place',
  ENOTDIR: 'a part of its path is no folder. Choose another place',
  EISDIR: 'it is a folder. Add a file name, such as talk.jsonl',
  EACCES: 'this program may not write there. Change its permissions, or choose another place',
  EPERM: 'this program may not write there. Change its permissions, or choose another place',
  EROFS: 'the disk is read-only. Choose another place',
  EFIFO: 'it is a pipe or socket, and only a file can be recorded to. Choose another name',
  ENAMETOOLONG: 'its name is too long. Choose a shorter one',
};

function explain(file: string, { code = '', message }: NodeJS.ErrnoException): string {
  const why =
    code === 'ENOENT'
      ? `the folder ${path.dirname(file)} does not exist. Create it, or choose another place`
      : (REASONS[code] ?? message);
  return `The recording ${file} cannot be written: ${why}. The session goes on without being recorded.`;
}
