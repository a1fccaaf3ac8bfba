import { MediaError } from '../errors';
import { looksLikeJpeg } from '../format';
import { resolveFfmpeg } from '../ffmpeg';
import { spawnTool, type ToolProcess } from '../process';
import { convertPicture } from './convert';
import { outputArgs, type Outputs } from './filters';
import { syncOption } from './grab';
import { Pairs, type Shot } from './grid';
import { jpegSize, JpegSplitter, type FoundJpeg } from './jpeg';
import type { Settings } from './settings';

/** How long ffmpeg may take for one picture, ms. It takes 20; damaged ones it may swallow. */
const PATIENCE_MS = 5000;

/** Whether a JPEG may be sent as it is. */
export function fits(jpeg: Buffer, { longestSide, masks }: Settings): boolean {
  if (masks.length || !looksLikeJpeg(jpeg)) return false;
  const size = jpegSize(jpeg);
  return size !== undefined && size.width > 0 && Math.max(size.width, size.height) <= longestSide;
}

/** What has to be done about a picture: make a new JPEG of it, look at it in grey, both or nothing. */
export function workOn(picture: Buffer, settings: Settings): Outputs {
  return { jpeg: !fits(picture, settings), grid: settings.threshold !== undefined };
}

/**
 * Makes what may be sent from pictures that arrive as they are: from a camera over HTTP or from a command. One ffmpeg stays open
 * for JPEG, so that a frame costs 20 ms and not the start of a program; a JPEG that fits passes untouched and is only looked at.
 *
 * One picture at a time; ffmpeg is given the next one when it has done this one, so picture and grid belong together.
 */
export class Darkroom {
  #closed = false;
  #tool: ToolProcess | undefined;
  /** Settles when the last ffmpeg that was ended is gone. */
  #gone: Promise<unknown> = Promise.resolve();
  #outputs: Outputs = { jpeg: false, grid: false };
  #pending:
    { resolve: (shot: Shot) => void; reject: (error: MediaError) => void; found: FoundJpeg } | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly ffmpegPath?: string,
  ) {}

  /** @throws MediaError `BAD_INPUT` for what is no picture; `NO_FFMPEG`, `FFMPEG_CAPABILITY` */
  async develop(picture: Buffer, at: number, signal: AbortSignal): Promise<Shot> {
    const work = workOn(picture, this.settings);
    if (!work.jpeg && !work.grid) return { jpeg: picture, at };
    if (!looksLikeJpeg(picture)) {
      const { settings, ffmpegPath } = this;
      return { ...(await convertPicture(picture, work, settings, { signal, ffmpegPath })), at };
    }
    const { jpeg, grid } = await this.#send({ jpeg: picture, at }, work, signal);
    return { jpeg, at, ...(grid && { grid }) };
  }

  /** Ends ffmpeg, for good. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }

  /** Also waits for one that is being ended already: whoever closes wants none to be left. */
  async #end(): Promise<void> {
    const tool = this.#tool;
    this.#tool = undefined;
    this.#pending?.reject(stopped());
    if (tool) this.#gone = Promise.all([this.#gone, tool.kill()]);
    await this.#gone;
  }

  async #send(found: FoundJpeg, work: Outputs, signal: AbortSignal): Promise<Shot> {
    const tool = await this.#open(work);
    if (signal.aborted) throw stopped();
    const result = new Promise<Shot>((resolve, reject) => (this.#pending = { resolve, reject, found }));
    const refuse = (): void => {
      this.#pending?.reject(
        new MediaError(
          'BAD_INPUT',
          `ffmpeg made nothing of a picture of ${found.jpeg.length} bytes: it is damaged.`,
        ),
      );
      // What it may still give out would be taken for the next picture.
      void this.#end();
    };
    const timer = setTimeout(refuse, PATIENCE_MS);
    signal.addEventListener('abort', refuse, { once: true });
    tool.stdin?.write(partOf(found.jpeg));
    return result.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', refuse);
      this.#pending = undefined;
    });
  }

  async #open(work: Outputs): Promise<ToolProcess> {
    const same = this.#outputs.jpeg === work.jpeg && this.#outputs.grid === work.grid;
    if (this.#tool && !this.#tool.exit && same) return this.#tool;
    await this.#end();
    const ffmpeg = await resolveFfmpeg({
      path: this.ffmpegPath,
      need: { demuxer: 'mpjpeg', encoder: 'mjpeg' },
    });
    const sync = await syncOption(ffmpeg);
    // Looking for ffmpeg takes its time: nobody may want it any more.
    if (this.#closed) throw stopped();
    const tool = spawnTool(
      ffmpeg.path,
      [...BEFORE, ...outputArgs(this.settings, work, sync, { paced: false })],
      { stdin: true, extraOutputs: work.grid ? 1 : 0 },
    );
    this.#tool = tool;
    this.#outputs = work;
    this.#listen(tool, work);
    return tool;
  }

  #listen(tool: ToolProcess, work: Outputs): void {
    const splitter = new JpegSplitter();
    const pairs = new Pairs();
    const give = (shots: Shot[]): void => shots.forEach((shot) => this.#pending?.resolve(shot));
    tool.stdout?.on('data', (chunk: Buffer) => {
      for (const found of splitter.push(chunk)) give(work.grid ? pairs.jpeg(found) : [found]);
    });
    tool.output(3)?.on('data', (chunk: Buffer) => {
      // Where no JPEG is made, the grid belongs to the one that went in.
      if (!work.jpeg && this.#pending) pairs.jpeg(this.#pending.found);
      give(pairs.gridBytes(chunk));
    });
    void tool.exited.then(({ stderr }) => {
      if (this.#tool !== tool) return;
      this.#tool = undefined;
      const why = stderr.split('\n').pop() || 'it ended';
      this.#pending?.reject(new MediaError('FFMPEG_FAILED', `ffmpeg could not work on a picture: ${why}.`));
    });
  }
}

/**
 * Pictures come as the parts of a multipart message: that tells ffmpeg how long each is. Between plain JPEGs it would wait for
 * the beginning of the next one to know the end of this one.
 */
const BEFORE = [
  ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-probesize', '32', '-analyzeduration', '0'],
  ...['-threads', '1', '-f', 'mpjpeg', '-i', 'pipe:0'],
];

const stopped = (): MediaError => new MediaError('CANCELLED', 'The work on a picture was stopped.');

function partOf(jpeg: Buffer): Buffer {
  const head = `--picture\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), jpeg, Buffer.from('\r\n')]);
}
