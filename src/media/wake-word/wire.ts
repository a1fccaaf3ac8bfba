/** One event of the Wyoming protocol. What is behind `payload_length` is left out: nothing that is read here has one. */
export interface WyomingEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Longest header line, longest `data`, longest payload that is passed over (bytes): far more than any service sends. */
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_DATA_BYTES = 4 * 1024 * 1024;
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;
const NEWLINE = 10;

/**
 * An event as it goes over the wire: a header of one line of JSON, then its data as JSON, then its payload
 * (github.com/OHF-Voice/wyoming, "Format"). The data stands behind the header, as the official library writes it.
 */
export function encodeEvent(type: string, data?: object, payload?: Buffer): Buffer {
  const body = Buffer.from(data ? JSON.stringify(data) : '');
  const header = {
    type,
    ...(data && { data_length: body.length }),
    ...(payload && { payload_length: payload.length }),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body, ...(payload ? [payload] : [])]);
}

/** Makes events of bytes in pieces of any size. What it holds is bounded by what has really come. */
export class EventReader {
  private readonly held = new Gathered();
  private header: Header | undefined;
  /** Bytes of a payload that are still to be passed over. */
  private skip = 0;

  /** The events that are complete now. @throws Error what came is not Wyoming: nothing more can be read */
  push(bytes: Buffer): WyomingEvent[] {
    const events: WyomingEvent[] = [];
    let rest = bytes;
    while (rest.length > 0) {
      if (this.skip > 0) rest = this.passOver(rest);
      else if (this.header) rest = this.takeData(rest, this.header, events);
      else rest = this.takeHeader(rest, events);
    }
    return events;
  }

  private passOver(bytes: Buffer): Buffer {
    const passed = Math.min(this.skip, bytes.length);
    this.skip -= passed;
    return bytes.subarray(passed);
  }

  private takeHeader(bytes: Buffer, events: WyomingEvent[]): Buffer {
    const end = bytes.indexOf(NEWLINE);
    const line = end < 0 ? bytes : bytes.subarray(0, end);
    if (this.held.length + line.length > MAX_HEADER_BYTES) throw new Error('its header has no end');
    this.held.add(line);
    if (end < 0) return bytes.subarray(bytes.length);
    const header = headerOf(this.held.take());
    if (header.dataBytes > 0) this.header = header;
    else this.complete(header, {}, events);
    return bytes.subarray(end + 1);
  }

  private takeData(bytes: Buffer, header: Header, events: WyomingEvent[]): Buffer {
    const missing = header.dataBytes - this.held.length;
    this.held.add(bytes.subarray(0, missing));
    if (bytes.length < missing) return bytes.subarray(bytes.length);
    this.header = undefined;
    this.complete(header, objectOf(this.held.take()), events);
    return bytes.subarray(missing);
  }

  private complete({ type, data, payloadBytes }: Header, more: object, events: WyomingEvent[]): void {
    this.skip = payloadBytes;
    events.push({ type, data: { ...data, ...more } });
  }
}

interface Header {
  type: string;
  data: object;
  dataBytes: number;
  payloadBytes: number;
}

function headerOf(line: Buffer): Header {
  const header = objectOf(line);
  const { type, data } = header;
  if (typeof type !== 'string') throw new Error('its header has no type');
  return {
    type,
    data: isObject(data) ? data : {},
    dataBytes: lengthOf(header, 'data_length', MAX_DATA_BYTES),
    payloadBytes: lengthOf(header, 'payload_length', MAX_PAYLOAD_BYTES),
  };
}

function lengthOf(header: Record<string, unknown>, name: string, most: number): number {
  const length = header[name] ?? 0;
  if (Number.isInteger(length) && (length as number) >= 0 && (length as number) <= most)
    return length as number;
  throw new Error(`its ${name} makes no sense`);
}

function objectOf(bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw new Error('what came is no JSON');
  }
  if (!isObject(value)) throw new Error('what came is no JSON object');
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Bytes that come in pieces, perhaps one by one: they are copied together, so that a piece costs no object of its own. */
class Gathered {
  length = 0;
  private room = Buffer.alloc(256);

  add(bytes: Buffer): void {
    if (this.length + bytes.length > this.room.length) {
      const larger = Buffer.alloc(2 * (this.length + bytes.length));
      this.room.copy(larger, 0, 0, this.length);
      this.room = larger;
    }
    bytes.copy(this.room, this.length);
    this.length += bytes.length;
  }

  take(): Buffer {
    const all = this.room.subarray(0, this.length);
    this.room = Buffer.alloc(256);
    this.length = 0;
    return all;
  }
}
