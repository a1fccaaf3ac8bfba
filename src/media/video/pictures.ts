import type { MediaHandle } from '../handle';
import { createMedia, type MediaWriter } from '../writer';
import { convertPicture, type ConvertOptions } from './convert';
import { workOn } from './darkroom';
import { jpegSize } from './jpeg';
import { completeSettings, type PictureSettings } from './settings';
import type { Shot } from './grid';
import { FrameWriter, type Picture } from './video';

/** A picture that may be sent, and the grid that it is compared by. */
export interface PreparedPicture extends Omit<Picture, 'sequence'> {
  readonly grid?: Buffer;
}

/**
 * Makes a picture that came from elsewhere fit to be sent, whatever its format: masks, size, quality. A JPEG that fits passes untouched.
 *
 * @param compared its grid is wanted, too: where equal pictures are to be skipped
 * @throws MediaError `BAD_INPUT` when it is no picture; `NO_FFMPEG`, `FFMPEG_CAPABILITY`; `CANCELLED`
 */
export async function preparePicture(
  bytes: Buffer,
  given: PictureSettings,
  { compared = false, ...options }: ConvertOptions & { compared?: boolean } = {},
): Promise<PreparedPicture> {
  const settings = completeSettings(given);
  const at = Date.now();
  const { jpeg, grid } = workOn(bytes, settings);
  const work = { jpeg, grid: grid && compared };
  const made =
    work.jpeg || work.grid ? await convertPicture(bytes, work, settings, options) : { jpeg: bytes };
  const { width, height } = jpegSize(made.jpeg) ?? { width: 0, height: 0 };
  return { ...made, at, width, height };
}

/** A stream that somebody else fills with pictures; equal ones are skipped. */
export class PictureStream {
  readonly #writer: MediaWriter;
  readonly #frames: FrameWriter;

  /** @throws MediaError `BAD_INPUT` for settings out of bounds */
  constructor(settings: PictureSettings, label: string) {
    this.#writer = createMedia({ format: { mime: 'image/jpeg' }, policy: 'latest', label });
    this.#frames = new FrameWriter(this.#writer, completeSettings(settings));
  }

  get handle(): MediaHandle {
    return this.#writer.handle;
  }

  write(picture: Shot): void {
    this.#frames.write(picture);
  }

  end(): void {
    this.#writer.end();
  }
}
