import {
  createMedia,
  isPcm,
  PCM_24K,
  Playout,
  writeAudioFile,
  type MediaHandle,
  type MediaWriter,
} from '../../media';

/** What is to happen with the voice. */
export interface SoundOptions {
  play: boolean;
  save?: string;
  /** Told what went wrong; each thing once. The conversation goes on. */
  problem(message: string): void;
}

/** Plays and saves the answers of a conversation, one after the other. */
export class Sound {
  private readonly playout: Playout | undefined;
  private readonly saving: { writer: MediaWriter; done: Promise<boolean> } | undefined;
  /** Answers that are being played or copied. */
  private busy: Promise<void> = Promise.resolve();
  private deaf = false;

  constructor(private readonly options: SoundOptions) {
    const { play, save } = options;
    if (play) this.playout = new Playout();
    if (save !== undefined) this.saving = this.startSaving(save);
  }

  /** Takes the stream of an answer. */
  add(handle: MediaHandle): void {
    this.busy = Promise.all([this.busy, this.play(handle), this.copy(handle)]).then(() => {});
  }

  /** Resolves when all that was said has been played and written. */
  async drained(): Promise<void> {
    await this.busy;
  }

  /** Ends it. @returns whether all was saved that was to be saved */
  async close(): Promise<boolean> {
    await this.playout?.close();
    await this.busy;
    this.saving?.writer.end();
    return (await this.saving?.done) ?? true;
  }

  private async play(handle: MediaHandle): Promise<void> {
    if (!this.playout || this.deaf) return;
    try {
      await this.playout.play(handle);
    } catch (error) {
      if (!this.deaf) this.options.problem(`The voice cannot be played: ${(error as Error).message}`);
      this.deaf = true;
    }
  }

  private startSaving(file: string): { writer: MediaWriter; done: Promise<boolean> } {
    const writer = createMedia({ format: PCM_24K, policy: 'block', label: file });
    const done = writeAudioFile({ handle: writer.handle, file }).then(
      () => true,
      (error: Error) => {
        // Nobody reads any more: whoever writes must not wait for it.
        writer.abort('WRITE_FAILED');
        this.options.problem(error.message);
        return false;
      },
    );
    return { writer, done };
  }

  /** Appends an answer to the file, as far as it was not interrupted. */
  private async copy(handle: MediaHandle): Promise<void> {
    if (!this.saving) return;
    const { writer } = this.saving;
    const before = this.busy;
    const reader = handle.open();
    // It may be aborted while the one before it is still being written.
    reader.on('error', () => {});
    await before;
    if (!isPcm(handle.format) || handle.format.rate !== PCM_24K.rate) {
      this.options.problem(`An answer of another format was not saved: ${handle.toString()}`);
      return;
    }
    try {
      for await (const chunk of reader as AsyncIterable<Buffer>) {
        if (!writer.write(chunk)) await writer.ready();
        if (!writer.writable) break;
      }
    } catch {
      // Interrupted: what was said until then is in the file.
    }
  }
}
