/** A whole JPEG image as it was found in a stream of bytes. */
export interface FoundJpeg {
  readonly jpeg: Buffer;
  /** When its first byte came (epoch ms). */
  readonly at: number;
}

/** Markers (ITU T.81, table B.1) that are looked at. */
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;

/** Longest of the segments that are short by their nature, bytes: a longer one is damage and must not swallow what follows. */
const LONGEST: Readonly<Record<number, number>> = { 0xc4: 2400, [SOS]: 18, 0xdb: 520, 0xdd: 4 };

/** Largest frame that is put together, bytes. A camera's picture has 0.1 to 5 MB. */
const MAX_BYTES = 32 * 1024 * 1024;

const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7;

/** Frame headers: C0 to CF without the three that are something else. */
const isFrameHeader = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/**
 * Cuts a stream of bytes into JPEG images: motion JPEG of ffmpeg, of a camera (with its multipart lines between the images) or of
 * any program.
 *
 * It walks the markers instead of looking for the end marker, so that a thumbnail inside an image is no end of it, and gives each
 * image out with its last byte. What is no image is skipped; an image that is cut off or damaged is dropped.
 */
export class JpegSplitter {
  /** Images that were given up, because they were damaged, cut off or too large. */
  dropped = 0;
  #data: Buffer = Buffer.allocUnsafe(64 * 1024);
  /** Bytes of `#data` that are in use, and how far they were looked at. */
  #end = 0;
  #at = 0;
  /** `seek` for a beginning, then from `marker` to marker, or through the `scan` between two. */
  #state: 'seek' | 'marker' | 'scan' = 'seek';
  #scanned = false;
  #since = 0;

  constructor(private readonly maxBytes = MAX_BYTES) {}

  /** Bytes of an image whose end has not come. */
  get pending(): number {
    return this.#state === 'seek' ? 0 : this.#end;
  }

  /** @param now when the chunk came (epoch ms) */
  push(chunk: Buffer, now = Date.now()): FoundJpeg[] {
    this.#append(chunk);
    const found: FoundJpeg[] = [];
    while (this.#step(found, now));
    if (this.#state !== 'seek' && this.#end > this.maxBytes) this.#giveUp(this.#end);
    return found;
  }

  #append(chunk: Buffer): void {
    if (this.#end + chunk.length > this.#data.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#data.length * 2, this.#end + chunk.length));
      this.#data.copy(larger, 0, 0, this.#end);
      this.#data = larger;
    }
    chunk.copy(this.#data, this.#end);
    this.#end += chunk.length;
  }

  /** Does the next step; false when more bytes are needed for it. */
  #step(found: FoundJpeg[], now: number): boolean {
    if (this.#state === 'seek') return this.#seek(now);
    if (this.#state === 'scan') return this.#scan();
    return this.#marker(found, now);
  }

  #seek(now: number): boolean {
    for (;;) {
      const at = this.#find(this.#at);
      // The marker after SOI tells an image from two odd bytes of something else.
      const beginning = [0xff, SOI, 0xff].every(
        (byte, i) => at + i >= this.#end || this.#data[at + i] === byte,
      );
      if (!beginning) {
        this.#at = at + 1;
        continue;
      }
      this.#forget(at);
      if (this.#end < 3) return false;
      this.#begin(now);
      return true;
    }
  }

  #begin(now: number): void {
    this.#state = 'marker';
    this.#scanned = false;
    this.#since = now;
    this.#at = 2;
  }

  #scan(): boolean {
    for (;;) {
      const at = this.#find(this.#at);
      this.#at = at;
      if (at + 1 >= this.#end) return false;
      const next = this.#data[at + 1]!;
      if (next === 0 || isRestart(next)) this.#at = at + 2;
      else if (next === 0xff) this.#at = at + 1;
      else {
        this.#state = 'marker';
        return true;
      }
    }
  }

  #marker(found: FoundJpeg[], now: number): boolean {
    const at = this.#at;
    if (at + 1 >= this.#end) return false;
    const marker = this.#data[at + 1]!;
    if (this.#data[at] !== 0xff || marker === 0) return this.#giveUp(at);
    if (marker === 0xff) this.#at = at + 1;
    else if (marker === SOI) {
      // The image before has no end.
      this.#giveUp(at);
    } else if (marker === EOI) this.#finish(found, at + 2, now);
    else if (isRestart(marker) || marker === 1) this.#at = at + 2;
    else return this.#segment(marker, at);
    return true;
  }

  #segment(marker: number, at: number): boolean {
    if (at + 3 >= this.#end) return false;
    const length = this.#data.readUInt16BE(at + 2);
    if (length < 2 || length > (LONGEST[marker] ?? 0xffff)) return this.#giveUp(at + 2);
    // Only the beginning of the next marker shows that the length was right.
    if (at + 2 + length >= this.#end) return false;
    this.#at = at + 2 + length;
    this.#scanned ||= marker === SOS;
    this.#state = marker === SOS ? 'scan' : 'marker';
    return true;
  }

  #finish(found: FoundJpeg[], end: number, now: number): void {
    if (this.#scanned) found.push({ jpeg: Buffer.from(this.#data.subarray(0, end)), at: this.#since });
    else this.dropped += 1;
    this.#since = now;
    this.#forget(end);
    this.#state = 'seek';
  }

  /** Looks for the next beginning from there on, not before: an image that was skipped over lies before it. */
  #giveUp(from: number): true {
    this.dropped += 1;
    this.#forget(from);
    this.#state = 'seek';
    return true;
  }

  #forget(bytes: number): void {
    this.#data.copy(this.#data, 0, bytes, this.#end);
    this.#end -= bytes;
    this.#at = 0;
  }

  /** Place of the next FF; the end if there is none. */
  #find(from: number): number {
    const at = this.#data.subarray(0, this.#end).indexOf(0xff, from);
    return at < 0 ? this.#end : at;
  }
}

/** Width and height of a JPEG image in pixels; undefined when it has no frame header, and so is none. */
export function jpegSize(jpeg: Buffer): { width: number; height: number } | undefined {
  let at = 2;
  while (at + 9 < jpeg.length && jpeg[at] === 0xff) {
    const marker = jpeg[at + 1]!;
    if (isFrameHeader(marker)) return { height: jpeg.readUInt16BE(at + 5), width: jpeg.readUInt16BE(at + 7) };
    if (marker === SOS || marker === EOI) return undefined;
    const standalone = marker === 0xff || marker === 1 || isRestart(marker);
    at += marker === 0xff ? 1 : standalone ? 2 : 2 + jpeg.readUInt16BE(at + 2);
  }
  return undefined;
}
