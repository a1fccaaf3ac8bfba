import { isObject, schemas, walk, type LiveClientMessage, type LiveServerMessage } from '../../protocol';

/** What a client's message is about: its one field, and for realtime input the field below that. */
export type Kind = string;

const AUDIO: Kind = 'realtimeInput.audio';
const VIDEO: Kind = 'realtimeInput.video';

/** The kinds of a message; more than one only where a client puts several things into it. */
export function kindsOf(message: LiveClientMessage): Kind[] {
  return Object.entries(message).flatMap(([name, value]) =>
    name === 'realtimeInput' && isObject(value)
      ? Object.keys(value).map((field) => `${name}.${field}`)
      : name,
  );
}

/** Sound and pictures come in portions of any size: they are compared by amount, all else one by one. */
export const isMedia = (kind: Kind): boolean => kind === AUDIO || kind === VIDEO;

/** Sound may end in the middle of a chunk: so much may be missing (ms). */
const AUDIO_SLACK_MS = 100;

/** How much of each kind there was: milliseconds of sound, and messages of all else. */
export class Amounts {
  private readonly amounts = new Map<Kind, number>();

  add(message: LiveClientMessage): void {
    for (const kind of kindsOf(message)) {
      const more = kind === AUDIO ? audioMs(message.realtimeInput?.audio) : 1;
      this.amounts.set(kind, this.of(kind) + more);
    }
  }

  of(kind: Kind): number {
    return this.amounts.get(kind) ?? 0;
  }

  get audioMs(): number {
    return this.of(AUDIO);
  }

  get pictures(): number {
    return this.of(VIDEO);
  }

  /** Which of these kinds there is less of than there. Pictures are not waited for: clients leave out what is late. */
  missing(kinds: readonly Kind[], there: Amounts): Kind[] {
    return kinds.filter(
      (kind) => kind !== VIDEO && this.of(kind) < there.of(kind) - (kind === AUDIO ? AUDIO_SLACK_MS : 0),
    );
  }
}

/** Sound in ms, also where the recording keeps its size only. */
function audioMs(blob: unknown): number {
  if (!isObject(blob)) return 0;
  const { data, bytes, mimeType } = blob;
  const size = typeof data === 'string' ? Buffer.byteLength(data, 'base64') : Number(bytes) || 0;
  const rate = Number(/rate=(\d+)/.exec(String(mimeType))?.[1] ?? 16_000);
  return size / 2 / (rate / 1000);
}

/** A client's message in camelCase and without nulls, whatever it was written like. */
export function normal(message: object): LiveClientMessage {
  const copy = structuredClone(message) as Record<string, unknown>;
  walk(schemas.client.root, copy, { kind: 'client', normalise: true });
  return copy as LiveClientMessage;
}

/** The largest piece of silence made for sound that was left out of a recording (bytes). */
const MAX_SILENCE = 16 * 1024 * 1024;

/** A server's message with silence of the same length where the recording left sound out. */
export function withSilence(message: LiveServerMessage): LiveServerMessage {
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    if (!isObject(value)) return value;
    const { bytes, ...rest } = value;
    if (typeof bytes === 'number' && typeof value['mimeType'] === 'string' && value['data'] === undefined) {
      const size = Math.min(Math.max(0, Math.floor(bytes)), MAX_SILENCE);
      return { ...rest, data: Buffer.alloc(size).toString('base64') };
    }
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, fill(field)]));
  };
  return fill(message) as LiveServerMessage;
}
