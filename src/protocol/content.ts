import type { Backend, ContentInput, TurnsInput } from './config';
import { ProtocolError } from './errors';
import { copyFields } from './fields';
import { isObject } from './walk';
import type { Content, Part } from './wire';

/** One content from text, a part, several parts, or a content (which keeps its role, or its lack of one). */
export function toContent(input: ContentInput, backend?: Backend): Content {
  const content: Content = isContent(input) ? input : { role: 'user', parts: toParts(input) };
  return copyFields('Content', content, backend);
}

/** A list of contents from anything {@link TurnsInput} allows. */
export function toContents(input: TurnsInput, backend?: Backend): Content[] {
  const list: unknown[] = Array.isArray(input) ? input : [input];
  if (list.length === 0) throw bad('"turns" is an empty list: leave it out, or give at least one turn');
  const contents = list.filter(isContent);
  if (contents.length > 0 && contents.length < list.length) {
    throw bad('"turns" mixes contents and parts: group the parts into contents with a role');
  }
  if (contents.length > 0) return contents.map((content) => copyFields('Content', content, backend));
  if (list.some((item) => isObject(item) && ('functionCall' in item || 'functionResponse' in item))) {
    throw bad('function calls and responses in "turns" must be parts of a content with a role');
  }
  return [toContent(list as Part[], backend)];
}

function toParts(input: unknown): Part[] {
  const list: unknown[] = Array.isArray(input) ? input : [input];
  if (list.length === 0) throw bad('a content needs at least one part');
  return list.map((item) => {
    if (typeof item === 'string') return { text: item };
    if (isObject(item)) return item as Part;
    throw bad(`a part must be text or an object, not ${item === null ? 'null' : typeof item}`);
  });
}

function isContent(value: unknown): value is Content {
  return isObject(value) && Array.isArray(value['parts']);
}

function bad(what: string): ProtocolError {
  return new ProtocolError('BAD_INPUT', what.charAt(0).toUpperCase() + what.slice(1));
}
