import { isClean } from './clean';
import { ProtocolError } from './errors';
import { schemas } from './schema';
import { readSound } from './sound-frame';
import { isObject, walk, type Problem } from './walk';
import type { LiveServerMessage } from './wire';

/** What a WebSocket library may hand over as one frame. */
export type Frame = string | Buffer | ArrayBuffer | Buffer[];

/**
 * Reads one server frame. The service sends JSON in binary frames; text frames are read as well.
 *
 * Spellings are unified: snake_case becomes camelCase, Vertex AI's `candidates…` and `VoiceActivity.type` become
 * the Gemini API's names, url-safe base64 becomes standard, int64 numbers become strings. Unknown fields and enum
 * values stay where they are. A known field whose value has a wrong type is taken out, so that the types of
 * {@link LiveServerMessage} can be trusted.
 *
 * @param data the frame.
 * @param report called for each unknown field, unknown enum value and value of a wrong type.
 * @throws ProtocolError `BAD_FRAME` when the frame is not one JSON object. The message names its size and at most
 * 40 characters of it.
 */
export function decode(data: Frame, report?: (problem: Problem) => void): LiveServerMessage {
  return (
    (Buffer.isBuffer(data) ? readSound(data, decodeClean) : undefined) ?? decodeText(frameText(data), report)
  );
}

/** A message without anything to report or to change; undefined for any other. */
function decodeClean(text: string): LiveServerMessage | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return isObject(message) && isClean(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function decodeText(text: string, report?: (problem: Problem) => void): LiveServerMessage {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new ProtocolError('BAD_FRAME', `A frame from the server is not JSON (${describe(text)})`);
  }
  if (!isObject(message)) {
    throw new ProtocolError('BAD_FRAME', `A frame from the server is not a JSON object (${describe(text)})`);
  }
  if (isClean(message)) return message;
  walk(schemas.server.root, message, { kind: 'server', normalise: true, report });
  return message;
}

function frameText(data: Frame): string {
  if (typeof data === 'string') return data;
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.from(data).toString('utf8');
}

function describe(text: string): string {
  const start = text.slice(0, 40).replace(/\p{Cc}/gu, ' ');
  return text === '' ? 'it is empty' : `${text.length} characters, it starts with ${JSON.stringify(start)}`;
}
