import {
  toolAnswer,
  toolFailure,
  type ToolAnswer,
  type ToolFailureStatus,
} from '../../src/live/tools/answers';
import { McpFailure } from './failure';

type Json = Record<string, unknown>;

/** A file that a tool gave back, as `msg.media` holds it. */
export interface McpMedia {
  data: Buffer;
  mimeType: string;
}

/** The answer for a result, and what is in it beside text. */
export interface McpAnswer extends ToolAnswer {
  media: McpMedia[];
}

/** Longest text that a model is told (characters): more would push the conversation out of its memory. */
const MAX_TEXT = 60_000;
/** Longest text about a link (characters). */
const MAX_FIELD = 500;
/** Most links, and most things that are not sent, of which a model is told. */
const MAX_LISTED = 50;
/** Most bytes of pictures, sound and documents in one answer. */
const MAX_MEDIA = 8 << 20;
/** What a model can look at or listen to in an answer. */
const PARTS = /^(image\/|audio\/|video\/|application\/pdf$)/;

/**
 * Turns the result of a tool into the answer to the model's call.
 *
 * @param clean takes secrets out of an error
 */
export function answerOf(result: Json, clean: (text: string) => string): McpAnswer {
  const gathered = gather(Array.isArray(result.content) ? result.content : []);
  const { texts, links, media, left } = gathered;
  const text = cut(texts.join('\n'));
  if (result.isError === true) {
    const message = clean(text) || 'The tool failed and did not say why.';
    return { response: { ...toolFailure({ status: 'FAILED', message }) }, media };
  }
  const parts = media.map(({ data, mimeType }, index) => ({
    inlineData: { mimeType, data: data.toString('base64'), displayName: nameOf(mimeType, index) },
  }));
  const { response } = toolAnswer(structured(result, text) ?? (text === '' ? undefined : text));
  const pictures = Object.fromEntries(
    media.map(({ mimeType }, index) => [nameOf(mimeType, index), { $ref: nameOf(mimeType, index) }]),
  );
  const unsent = left.slice(0, MAX_LISTED);
  const more = links.length + left.length - Math.min(links.length, MAX_LISTED) - unsent.length;
  if (more > 0) unsent.push(`${more} more`);
  return {
    response: {
      ...response,
      ...pictures,
      ...(links.length && { links: links.slice(0, MAX_LISTED) }),
      ...(unsent.length && { notSent: unsent }),
    },
    ...(parts.length && { parts }),
    media,
  };
}

/** The response for a call that brought nothing. */
export function failureAnswer(thrown: unknown, clean: (text: string) => string): ToolAnswer {
  const failure = thrown instanceof McpFailure ? thrown : new McpFailure(String(thrown));
  const status: ToolFailureStatus = failure.timeout ? 'TIMEOUT' : failure.gone ? 'UNAVAILABLE' : 'FAILED';
  const hint = failure.gone
    ? 'Tell the user that this does not work at the moment. It is being connected again; try once more later, if asked to.'
    : undefined;
  return {
    response: {
      ...toolFailure({
        status,
        message: clean(failure.message),
        retryable: failure.gone,
        ...(hint && { hint }),
      }),
    },
  };
}

/** What is structured is told as it is; text that holds an object is one. */
function structured({ structuredContent }: Json, text: string): Json | undefined {
  if (isJson(structuredContent)) {
    const json = JSON.stringify(structuredContent);
    return json.length <= MAX_TEXT ? structuredContent : { result: cut(json) };
  }
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

interface Gathered {
  texts: string[];
  links: Json[];
  media: McpMedia[];
  /** What no model can be told, in words. */
  left: string[];
}

function gather(content: unknown[]): Gathered {
  const out: Gathered = { texts: [], links: [], media: [], left: [] };
  let bytes = 0;
  const file = (data: unknown, type: unknown): void => {
    const mimeType = typeof type === 'string' ? type : 'application/octet-stream';
    const buffer = Buffer.from(typeof data === 'string' ? data : '', 'base64');
    bytes += buffer.length;
    if (buffer.length > 0 && PARTS.test(mimeType) && bytes <= MAX_MEDIA)
      out.media.push({ data: buffer, mimeType });
    else out.left.push(`${mimeType.slice(0, 80)}, ${buffer.length} bytes`);
  };
  for (const item of content.filter(isJson)) {
    if (item.type === 'text' && typeof item.text === 'string') out.texts.push(item.text);
    else if (item.type === 'image' || item.type === 'audio') file(item.data, item.mimeType);
    else if (item.type === 'resource_link') {
      const { uri, name, description, mimeType } = item;
      const link = Object.entries({ uri, name, description, mimeType });
      const told = link.filter((field): field is [string, string] => typeof field[1] === 'string');
      out.links.push(Object.fromEntries(told.map(([key, text]) => [key, text.slice(0, MAX_FIELD)])));
    } else if (item.type === 'resource' && isJson(item.resource)) {
      const { text, blob, mimeType } = item.resource;
      if (typeof text === 'string') out.texts.push(text);
      else if (typeof blob === 'string' && /^(text\/|application\/json)/.test(String(mimeType))) {
        out.texts.push(Buffer.from(blob, 'base64').toString());
      } else file(blob, mimeType);
    } else out.left.push(`content of type ${String(item.type).slice(0, 40)}`);
  }
  return out;
}

function nameOf(mimeType: string, index: number): string {
  return `${mimeType.split('/')[0]}${index + 1}`;
}

function cut(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT)}… (cut: ${text.length} characters in all)`;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
