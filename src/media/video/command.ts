import { MediaError } from '../errors';
import { looksLikeJpeg } from '../format';
import { spawnTool, type ToolExit } from '../process';
import type { RunOptions } from './grab';
import { JpegSplitter } from './jpeg';
import type { CommandSource } from './source';
import { Stills } from './stills';
import { splitWords } from './words';

/** Largest picture of another kind than JPEG, bytes. */
const MAX_PICTURE = 64 * 1024 * 1024;

/**
 * Frames of a program of the user's: JPEG after JPEG while it runs, or one picture of any kind per run, and then it runs again at
 * the rate of the settings.
 *
 * @throws MediaError `BAD_INPUT` when the command cannot be understood; `SOURCE_FAILED` when it fails or gives no picture
 */
export async function watchCommand({ command }: CommandSource, options: RunOptions): Promise<void> {
  const { signal, settings, wish } = options;
  const words = splitWords(command);
  const stills = new Stills(options);
  try {
    while (!signal.aborted) {
      const began = Date.now();
      await runOnce(words, stills, signal);
      await stills.settled();
      if (stills.problem) throw stills.problem;
      await wish.pause(Math.max(0, began + 1000 / settings.fps - Date.now()), signal);
    }
  } finally {
    await stills.close();
  }
}

async function runOnce(
  [command, ...args]: [string, ...string[]],
  stills: Stills,
  signal: AbortSignal,
): Promise<void> {
  const tool = spawnTool(command, args);
  const stop = (): void => void tool.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const output = new Output(stills);
  tool.stdout?.on('data', (chunk: Buffer) => {
    if (!output.push(chunk)) void tool.stop();
  });
  const exit = await tool.exited;
  signal.removeEventListener('abort', stop);
  if (signal.aborted) return;
  if (exit.code !== 0 || !output.end()) throw failure(command, exit, output);
}

/** What a program writes: JPEGs, or something whose end only its own end tells. */
class Output {
  bytes = 0;
  pictures = 0;
  readonly #splitter = new JpegSplitter();
  #whole: Buffer[] | undefined;
  #head: Buffer = Buffer.alloc(0);

  constructor(private readonly stills: Stills) {}

  /** @returns false when it is more than a picture can be */
  push(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    if (this.#whole) {
      this.#whole.push(chunk);
      return this.bytes <= MAX_PICTURE;
    }
    if (this.#head.length < 4) {
      this.#head = Buffer.concat([this.#head, chunk]);
      if (this.#head.length < 4) return true;
      if (!looksLikeJpeg(this.#head)) this.#whole = [this.#head];
      else this.#cut(this.#head);
      return true;
    }
    this.#cut(chunk);
    return true;
  }

  /** The program has ended. @returns whether it gave a picture */
  end(): boolean {
    if (this.#whole) {
      this.pictures += 1;
      this.stills.take(Buffer.concat(this.#whole), Date.now());
    }
    return this.pictures > 0;
  }

  #cut(chunk: Buffer): void {
    for (const { jpeg, at } of this.#splitter.push(chunk)) {
      this.pictures += 1;
      this.stills.take(jpeg, at);
    }
  }
}

function failure(command: string, exit: ToolExit, { bytes }: Output): MediaError {
  const name = `The command "${command}"`;
  if (exit.error?.code === 'ENOENT')
    return new MediaError('SOURCE_FAILED', `${name} was not found. Install it, or enter its whole path.`);
  if (exit.error) return new MediaError('SOURCE_FAILED', `${name} cannot be started (${exit.error.code}).`);
  if (bytes > MAX_PICTURE)
    return new MediaError(
      'SOURCE_FAILED',
      `${name} wrote ${bytes >> 20} MB that are no JPEG. It must write pictures.`,
    );
  const words = exit.stderr.split('\n').pop();
  const how = exit.code === 0 ? 'ended without a picture' : `failed (${exit.code ?? exit.signal})`;
  const advice = 'It must write JPEG, or one picture of another kind, to its standard output.';
  return new MediaError('SOURCE_FAILED', `${name} ${how}${words ? `: ${words}` : ''}. ${advice}`);
}
