import type { Blob, LiveServerMessage } from './wire';

/**
 * A piece of sound in a message that was read without building a string of it: {@link bytes} are there already, and
 * {@link data} is made when somebody asks.
 */
export class Sound {
  constructor(
    readonly mimeType: string | undefined,
    readonly bytes: Buffer,
  ) {}

  /** Base64, exactly as it stood in the frame. */
  get data(): string {
    return this.bytes.toString('base64');
  }

  toJSON(): Blob {
    return { ...(this.mimeType !== undefined && { mimeType: this.mimeType }), data: this.data };
  }
}

/** Shorter frames are read as fast in the ordinary way (bytes). */
const MIN_FRAME = 256;
const QUOTE = 0x22;
const PAD = 0x3d;
const KEY = Buffer.from('"data"');
/** Stands for the sound while the rest is parsed; nobody can guess it. */
const MARK = `mark${process.hrtime.bigint()}${Math.random().toString(36).slice(2)}`;

/** The bytes around the sound of the last frame that held nothing else, and its type: the next one is mostly the same. */
let last: { head: Buffer; tail: Buffer; mimeType: string | undefined; role: string | undefined } | undefined;

/**
 * Reads a frame that holds one piece of sound, without making a string of the sound. Anything unusual is left to the
 * ordinary way: this one returns the same or nothing.
 *
 * @param parse the ordinary way, for the frame without its sound; undefined when it has anything to complain of.
 */
export function readSound(
  frame: Buffer,
  parse: (text: string) => LiveServerMessage | undefined,
): LiveServerMessage | undefined {
  if (frame.length < MIN_FRAME) return undefined;
  return readKnown(frame) ?? readNew(frame, parse);
}

function readKnown(frame: Buffer): LiveServerMessage | undefined {
  if (!last) return undefined;
  const { head, tail, mimeType, role } = last;
  const end = frame.length - tail.length;
  if (end <= head.length || !startsWith(frame, head, 0) || !startsWith(frame, tail, end)) return undefined;
  const bytes = decodeBase64(frame, head.length, end);
  if (!bytes) return undefined;
  const parts = [{ inlineData: new Sound(mimeType, bytes) }];
  return { serverContent: { modelTurn: role === undefined ? { parts } : { parts, role } } };
}

function readNew(
  frame: Buffer,
  parse: (text: string) => LiveServerMessage | undefined,
): LiveServerMessage | undefined {
  const start = valueOf(frame);
  if (start < 0) return undefined;
  const end = frame.indexOf(QUOTE, start);
  if (end - start < MIN_FRAME / 2) return undefined;
  const bytes = decodeBase64(frame, start, end);
  if (!bytes) return undefined;
  const message = parse(frame.toString('utf8', 0, start) + MARK + frame.toString('utf8', end));
  const parts = message?.serverContent?.modelTurn?.parts ?? [];
  const part = parts.find(({ inlineData }) => inlineData?.data === MARK);
  if (!message || !part?.inlineData) return undefined;
  const { mimeType, data: _mark, ...others } = part.inlineData;
  if (Object.keys(others).length > 0) return undefined;
  part.inlineData = new Sound(mimeType, bytes);
  if (isNothingElse(message)) {
    const role = message.serverContent?.modelTurn?.role;
    last = {
      head: Buffer.from(frame.subarray(0, start)),
      tail: Buffer.from(frame.subarray(end)),
      mimeType,
      role,
    };
  }
  return message;
}

/** Where the value of the first key "data" begins, if it is a string; -1 if there is none. */
function valueOf(frame: Buffer): number {
  let at = frame.indexOf(KEY);
  if (at < 0) return -1;
  at = skipSpace(frame, at + KEY.length);
  if (frame[at] !== 0x3a) return -1;
  at = skipSpace(frame, at + 1);
  return frame[at] === QUOTE ? at + 1 : -1;
}

function skipSpace(frame: Buffer, from: number): number {
  let at = from;
  while (frame[at] === 0x20 || frame[at] === 0x0a || frame[at] === 0x0d || frame[at] === 0x09) at++;
  return at;
}

function isNothingElse(message: LiveServerMessage): boolean {
  const { serverContent } = message;
  const modelTurn = serverContent?.modelTurn;
  const part = modelTurn?.parts?.[0];
  if (!serverContent || !modelTurn || !part || modelTurn.parts?.length !== 1) return false;
  const only = (object: object, ...names: string[]): boolean =>
    Object.keys(object).every((name) => names.includes(name));
  return (
    only(message, 'serverContent') &&
    only(serverContent, 'modelTurn') &&
    only(modelTurn, 'parts', 'role') &&
    only(part, 'inlineData')
  );
}

function startsWith(frame: Buffer, part: Buffer, at: number): boolean {
  for (let i = 0; i < part.length; i++) if (frame[at + i] !== part[i]) return false;
  return true;
}

/** Sound is written into slabs: twenty small allocations cost more than one large one, and live equally long. */
const SLAB_BYTES = 32 * 1024;
let slab = Buffer.alloc(0);
let used = 0;

/** Decodes base64 from the bytes of a frame; undefined when it is anything but the plain, padded form. */
function decodeBase64(frame: Buffer, start: number, end: number): Buffer | undefined {
  const length = end - start;
  if (length === 0 || length % 4 !== 0) return undefined;
  const pads = frame[end - 1] !== PAD ? 0 : frame[end - 2] === PAD ? 2 : 1;
  const size = (length / 4) * 3 - pads;
  if (size > slab.length - used) {
    slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, size));
    used = 0;
  }
  // Characters outside the alphabet are skipped by the decoder: then less is written.
  if (slab.write(frame.toString('latin1', start, end), used, size, 'base64') !== size) return undefined;
  const bytes = slab.subarray(used, used + size);
  // Bits that the padding leaves over must be nothing: otherwise the text could not be told from the bytes.
  if (pads > 0) {
    const rest = bytes.toString('base64', size - (3 - pads));
    if (rest !== frame.toString('latin1', end - 4, end)) return undefined;
  }
  // Samples of 16 bits begin at even places.
  used += size + (size & 1);
  return bytes;
}
