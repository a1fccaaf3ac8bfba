import { looksLikeJpeg, looksLikeWav } from '../../media';
import { isObject, type FunctionResponsePart } from '../../protocol';
import { excerpt } from '../redact';

/** Why a call brought nothing. */
const STATUSES = [
  /** There is no such function. */
  'UNKNOWN_FUNCTION',
  /** The arguments do not fit the declaration. */
  'INVALID_ARGUMENTS',
  /** Nobody answered in time. */
  'TIMEOUT',
  /** The function ran, and failed. */
  'FAILED',
  /** It was not allowed. */
  'DENIED',
  /** It is declared, but nothing here can run it now. */
  'UNAVAILABLE',
] as const;

/** Why a call brought nothing: one of the statuses that models are told. */
export type ToolFailureStatus = (typeof STATUSES)[number];

/** Whether a value is one of them. */
export function isFailureStatus(value: unknown): value is ToolFailureStatus {
  return (STATUSES as readonly unknown[]).includes(value);
}

/** What a model gets for a call that brought nothing. */
export interface ToolFailure {
  status: ToolFailureStatus;
  /** What happened, for the model to say in its own words. */
  message: string;
  /** Whether calling again may help. */
  retryable: boolean;
  /** What to do next. */
  hint?: string;
}

/** An answer to a call, without the call. */
export interface ToolAnswer {
  response: Record<string, unknown>;
  /** Pictures, sound and documents; `{ $ref: displayName }` in the response points at one. */
  parts?: FunctionResponsePart[];
}

const MAX_MESSAGE = 600;
const MAX_DEPTH = 32;
/** Objects and lists in one answer: those that all know each other would be written out for ever. */
const MAX_VALUES = 5_000;

/** The response that a model gets for an error. Credentials are taken out of the message. */
export function toolFailure(failure: {
  status: ToolFailureStatus;
  message: string;
  retryable?: boolean;
  hint?: string;
}): { error: ToolFailure } {
  const { status, message, retryable = status === 'TIMEOUT', hint } = failure;
  return { error: { status, message: excerpt(message, [], MAX_MESSAGE), retryable, ...(hint && { hint }) } };
}

/**
 * The answer for whatever a function returned: an object as it is, anything else as `{ result }`. Nothing at all becomes
 * `{ status: 'ok' }`, because empty results make a model call two to five times more. An Error becomes a
 * {@link toolFailure}; Buffers with pictures or sound become parts.
 */
export function toolAnswer(value: unknown): ToolAnswer {
  if (value instanceof Error)
    return { response: { ...toolFailure({ status: 'FAILED', message: value.message }) } };
  if (isBytes(value)) return ofBytes([['', value]]);
  if (Array.isArray(value) && value.length > 0 && value.every(isBytes)) {
    return ofBytes(value.map((bytes) => ['', bytes]));
  }
  if (value instanceof Map) return toolAnswer(Object.fromEntries(value));
  if (!isObject(value) || value instanceof Set || 'toJSON' in value)
    return ofJson(toJson(value, { left: MAX_VALUES }));
  const media = Object.entries(value).filter((entry): entry is [string, Uint8Array] => isBytes(entry[1]));
  const rest = Object.fromEntries(Object.entries(value).filter(([, inner]) => !isBytes(inner)));
  const json = toJson(rest, { left: MAX_VALUES }, [value]);
  if (media.length === 0) return ofJson(json);
  const { response, parts } = ofBytes(media);
  return { response: { ...(json as object), ...response }, ...(parts && { parts }) };
}

function ofJson(json: unknown): ToolAnswer {
  const nothing = json === undefined || json === null || json === '';
  if (nothing || (isObject(json) && Object.keys(json).length === 0)) return { response: { status: 'ok' } };
  return { response: isObject(json) ? json : { result: json } };
}

/** Bytes by name; a text without a format of its own is a text. */
function ofBytes(list: Array<[string, Uint8Array]>): ToolAnswer {
  const response: Record<string, unknown> = {};
  const parts: FunctionResponsePart[] = [];
  for (const [name, bytes] of list) {
    const mimeType = mimeOf(bytes);
    if (mimeType) {
      const displayName = name || undefined;
      const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
      parts.push({ inlineData: { mimeType, data, ...(displayName && { displayName }) } });
      if (displayName) response[displayName] = { $ref: displayName };
      continue;
    }
    const text = textOf(bytes);
    response[name || 'result'] =
      text ?? `${bytes.length} bytes in a format that could not be recognised; they were not sent`;
  }
  if (Object.keys(response).length === 0) response['status'] = 'ok';
  return { response, ...(parts.length > 0 && { parts }) };
}

/** The MIME type of pictures, sound and PDF by their first bytes. */
function mimeOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 64));
  const latin = head.toString('latin1');
  if (looksLikeJpeg(head)) return 'image/jpeg';
  if (latin.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (latin.startsWith('GIF8')) return 'image/gif';
  if (latin.startsWith('RIFF') && latin.startsWith('WEBP', 8)) return 'image/webp';
  if (looksLikeWav(head)) return 'audio/wav';
  if (latin.startsWith('OggS')) return 'audio/ogg';
  if (latin.startsWith('ID3') || (head[0] === 0xff && (head[1] ?? 0) >= 0xe0)) return 'audio/mpeg';
  if (latin.startsWith('fLaC')) return 'audio/flac';
  return latin.startsWith('%PDF-') ? 'application/pdf' : undefined;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A value as JSON can hold it: flows hand over anything, also circles. */
function toJson(value: unknown, budget: { left: number }, above: readonly unknown[] = []): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object') return undefined;
  if (above.includes(value)) return '[circular]';
  if (above.length > MAX_DEPTH) return '[nested too deeply]';
  if (budget.left <= 0) return '[too much]';
  budget.left -= 1;
  if (isBytes(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (value instanceof Error) return excerpt(value.message, [], MAX_MESSAGE);
  const inside = [...above, value];
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    return toJson((value as { toJSON(): unknown }).toJSON(), budget, inside);
  }
  if (value instanceof Map) return toJson(Object.fromEntries(value), budget, above);
  if (Array.isArray(value) || value instanceof Set) {
    return [...(value as Iterable<unknown>)].map((item) => toJson(item, budget, inside) ?? null);
  }
  const fields = Object.entries(value).map(([name, item]) => [name, toJson(item, budget, inside)] as const);
  return Object.fromEntries(fields.filter(([, item]) => item !== undefined));
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}
