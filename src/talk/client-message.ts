import type { ClientMessage, TalkMode } from './wire';

const MODES: readonly unknown[] = ['press', 'hold', 'hands-free'] satisfies TalkMode[];
const SOURCES: readonly unknown[] = ['camera', 'screen', 'off'];
const MIME = /^(audio|video)\/[\w.+-]{1,60}(;[\w\s.=+,"-]{0,100})?$/i;

type Fields = Record<string, unknown>;

/** Which fields each message needs, and makes it of nothing else. Undefined: malformed. */
const READERS: { [T in ClientMessage['type']]: (fields: Fields) => ClientMessage | undefined } = {
  hello: ({ name, client, have }) => {
    if (!optional(name, isShort) || !optional(client, isShort) || !optional(have, isPosition))
      return undefined;
    return {
      type: 'hello',
      ...(name !== undefined && { name: plain(name as string) }),
      ...(client !== undefined && { client: client as string }),
      ...(have !== undefined && { have: positionOf(have) }),
    };
  },
  talk: ({ on, mode }) =>
    typeof on === 'boolean' && MODES.includes(mode)
      ? { type: 'talk', on, mode: mode as TalkMode }
      : undefined,
  text: ({ text }) => (typeof text === 'string' && text.trim() !== '' ? { type: 'text', text } : undefined),
  played: (fields) => (isPosition(fields) ? { type: 'played', ...positionOf(fields) } : undefined),
  file: ({ mime, name, bytes }) =>
    typeof mime === 'string' && MIME.test(mime) && typeof name === 'string' && isCount(bytes) && bytes > 0
      ? { type: 'file', mime, name: fileName(name), bytes }
      : undefined,
  'file-end': () => ({ type: 'file-end' }),
  video: ({ source }) =>
    SOURCES.includes(source) ? { type: 'video', source: source as 'camera' | 'screen' | 'off' } : undefined,
  stop: () => ({ type: 'stop' }),
};

/** Reads a text frame. Nothing of it is trusted: what is not known is left out, what does not fit makes it malformed. */
export function readClientMessage(text: string): ClientMessage | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null) return undefined;
  const { type } = fields as Fields;
  if (typeof type !== 'string' || !Object.hasOwn(READERS, type)) return undefined;
  return READERS[type as ClientMessage['type']](fields as Fields);
}

function optional(value: unknown, fits: (value: unknown) => boolean): boolean {
  return value === undefined || fits(value);
}

function isShort(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 100;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isPosition(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { stream, ms } = value as Fields;
  return isCount(stream) && typeof ms === 'number' && Number.isFinite(ms) && ms >= 0;
}

function positionOf(value: unknown): { stream: number; ms: number } {
  const { stream, ms } = value as { stream: number; ms: number };
  return { stream, ms };
}

/** A name that is shown to others holds no control characters. */
function plain(text: string): string {
  return text.replace(/\p{C}/gu, ' ').trim();
}

/** The last part of a path, whatever system it came from, without what a file system might take amiss. */
function fileName(name: string): string {
  const last = plain(name.slice(-300).split(/[/\\]/).at(-1) ?? '').replace(/[<>:"|?*]/g, '_');
  return last.replace(/^\.+/, '').slice(-100) || 'recording';
}
