import type { LiveClientMessage, LiveServerMessage } from './wire';
import { isObject } from './walk';

/** `format` in the first line of every recording. */
export const RECORDING_FORMAT = 'gemini-live-recording';
/** The only version so far. */
export const RECORDING_VERSION = 1;

/** First line of a recording: what was talked to, and when. */
export interface RecordingHeader {
  format: typeof RECORDING_FORMAT;
  version: typeof RECORDING_VERSION;
  /** When the recording began (epoch ms). */
  at: number;
  model: string;
  /** Which kind of service: `gemini`, `vertex`, `custom` or `local`. */
  endpoint: string;
}

interface Entry {
  /** Since the recording began. */
  ms: number;
  /** Number of the connection, counted from 1. */
  connection: number;
}

/** A frame of the client. */
export interface SentEntry extends Entry {
  dir: 'sent';
  message: LiveClientMessage;
}

/** A frame of the server; `text` stands for one that was no JSON object. */
export type ReceivedEntry = Entry & { dir: 'received' } & (
    { message: LiveServerMessage; text?: undefined } | { text: string; message?: undefined }
  );

/** A socket was opened. */
export interface OpenedEntry extends Entry {
  dir: 'opened';
  message: { session?: string };
}

/** A socket is gone: close code and reason, and which side ended it. */
export interface ClosedEntry extends Entry {
  dir: 'closed';
  message: { code: number; reason: string; by: string };
}

/** The recorder tells something: that frames are missing, or that it stopped at its limit. Players ignore it. */
export interface NoteEntry extends Entry {
  dir: 'note';
  message: { text: string };
}

/** Any line of a recording after the first. */
export type RecordingEntry = SentEntry | ReceivedEntry | OpenedEntry | ClosedEntry | NoteEntry;

/** A recorded session: all its connections, in the order of time. */
export interface Recording {
  header: RecordingHeader;
  entries: RecordingEntry[];
  /** False when the last line was cut off, as it is after a crash or on a full disk. */
  complete: boolean;
}

/** A recording that cannot be used; `message` names the line and says what is expected there. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly code = 'BAD_RECORDING';

  constructor(
    message: string,
    /** Counted from 1; undefined when the file as a whole is meant. */
    readonly line?: number,
  ) {
    super(line === undefined ? message : `Line ${line} of the recording: ${message}`);
  }
}

/** One line, with its line end. */
export function recordingLine(value: RecordingHeader | RecordingEntry): string {
  return `${JSON.stringify(value)}\n`;
}

/**
 * Reads a recording: JSON Lines, a header first. A last line without a line end is left out when it cannot be read:
 * the recorder writes whole lines, so that is what a crash leaves.
 *
 * @throws RecordingError
 */
export function parseRecording(text: string): Recording {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const recording: Recording = { header: readHeader(lines[0] ?? ''), entries: [], complete: true };
  const last = lines.length - 1;
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line.trim() === '') continue;
    const value = parseJson(line);
    if (value !== undefined) recording.entries.push(readEntry(value, i + 1));
    else if (i === last) recording.complete = false;
    else throw new RecordingError('it is no JSON. Every line must be one JSON object.', i + 1);
  }
  return recording;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function readHeader(line: string): RecordingHeader {
  const value = parseJson(line);
  if (!isObject(value) || value['format'] !== RECORDING_FORMAT) {
    throw new RecordingError(
      `a header {"format":"${RECORDING_FORMAT}","version":${RECORDING_VERSION},…} was expected, not ${shown(line)}. ` +
        'Is this a file that the recorder wrote?',
      1,
    );
  }
  const { version, at, model, endpoint } = value;
  if (version !== RECORDING_VERSION) {
    throw new RecordingError(
      `version ${shown(version)} of the format is not known, only ${RECORDING_VERSION}. A newer release may read it.`,
      1,
    );
  }
  return {
    format: RECORDING_FORMAT,
    version,
    at: numberOf(at, 'at', 1),
    model: stringOf(model, 'model', 1),
    endpoint: stringOf(endpoint, 'endpoint', 1),
  };
}

const DIRECTIONS = ['sent', 'received', 'opened', 'closed', 'note'];

function readEntry(value: unknown, line: number): RecordingEntry {
  if (!isObject(value)) throw new RecordingError(`an object was expected, not ${shown(value)}.`, line);
  const { dir, connection, message, text } = value;
  const ms = numberOf(value['ms'], 'ms', line);
  if (!Number.isInteger(connection) || (connection as number) < 1) {
    throw new RecordingError(`"connection" must be a number from 1, not ${shown(connection)}.`, line);
  }
  const entry = { ms, connection: connection as number };
  if (dir === 'received' && message === undefined && typeof text === 'string') return { ...entry, dir, text };
  if (!DIRECTIONS.includes(dir as string)) {
    throw new RecordingError(`"dir" must be one of ${DIRECTIONS.join(', ')}, not ${shown(dir)}.`, line);
  }
  if (!isObject(message)) {
    throw new RecordingError(`"message" must be an object, not ${shown(message)}.`, line);
  }
  if (dir === 'closed') {
    const { code, reason = '', by = 'server' } = message;
    return {
      ...entry,
      dir,
      message: {
        code: numberOf(code, 'message.code', line),
        reason: stringOf(reason, 'message.reason', line),
        by: stringOf(by, 'message.by', line),
      },
    };
  }
  if (dir === 'note') {
    return { ...entry, dir, message: { text: stringOf(message['text'], 'message.text', line) } };
  }
  return { ...entry, dir, message } as RecordingEntry;
}

function numberOf(value: unknown, name: string, line: number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new RecordingError(`"${name}" must be a number from 0, not ${shown(value)}.`, line);
}

function stringOf(value: unknown, name: string, line: number): string {
  if (typeof value === 'string') return value;
  throw new RecordingError(`"${name}" must be a text, not ${shown(value)}.`, line);
}

/** A value in an error message: short, and without control characters. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = (JSON.stringify(value) ?? String(value)).replace(/[\u007f-\u009f]/g, '');
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
