import prism from 'prism-media';

type Step = { offset: number } | symbol;
type Size = { offset: number; dataLength: number } | symbol;

/** The parts of prism-media's demuxer that its typings do not show. */
interface DemuxerInside {
  new (): prism.opus.WebmDemuxer & { _track: { number: number } | null; _ebmlFound: boolean };
  readonly TOO_SHORT: symbol;
  readonly prototype: { _readTag(chunk: Buffer, offset: number): Step };
}

const Demuxer = prism.opus.WebmDemuxer as unknown as DemuxerInside;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;

/**
 * prism-media's WebM demuxer (1.3.5) with two gaps closed. Its 32-bit arithmetic makes large element sizes negative, with which a
 * crafted file walks in circles for ever; and it skips BlockGroups, in which ffmpeg puts the last packets of a file.
 */
export class WebmOpusDemuxer extends Demuxer {
  /** Size of an element (EBML, RFC 8794 section 4.4): a length descriptor in leading zero bits, then big endian. */
  _readTagDataSize(chunk: Buffer, offset: number): Size {
    const first = chunk[offset];
    if (first === undefined) return Demuxer.TOO_SHORT;
    const length = Math.clz32(first) - 23;
    if (offset + length > chunk.length) return Demuxer.TOO_SHORT;
    let value = first & (0xff >> length);
    let unknown = value === 0xff >> length;
    for (const byte of chunk.subarray(offset + 1, offset + length)) {
      value = value * 256 + byte;
      unknown &&= byte === 0xff;
    }
    return { offset: offset + length, dataLength: unknown ? Infinity : value };
  }

  _readTag(chunk: Buffer, offset: number): Step {
    const id = chunk[offset];
    if (!this._ebmlFound || (id !== BLOCK_GROUP && id !== BLOCK)) {
      return Demuxer.prototype._readTag.call(this, chunk, offset);
    }
    const size = this._readTagDataSize(chunk, offset + 1);
    if (typeof size === 'symbol') return size;
    if (id === BLOCK_GROUP) return { offset: size.offset };
    const end = size.offset + size.dataLength;
    if (end > chunk.length) return Demuxer.TOO_SHORT;
    // Track number, two bytes of time, flags, then the packet: as in a SimpleBlock (RFC 9559 section 10.1).
    const block = chunk.subarray(size.offset, end);
    if (this._track && block.length > 4 && (block[0]! & 0x7f) === this._track.number)
      this.push(block.subarray(4));
    return { offset: end };
  }
}
