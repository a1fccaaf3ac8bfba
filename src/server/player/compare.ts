import { isObject, Redactor, type LiveClientMessage } from '../../protocol';
import { Amounts, isMedia, kindsOf, normal } from './kinds';

/** What is not compared, and how closely. */
export interface CompareOptions {
  /**
   * Fields that may differ, as paths from the message with `*` for any one step: `setup.model`,
   * `toolResponse.functionResponses.*.response.time`. What lies below a path may differ, too.
   */
  ignore?: readonly string[];
}

/** How far the amounts of sound may be apart: this much (ms), and this share of the whole. */
const AUDIO_MS = 150;
const AUDIO_SHARE = 0.05;
/** Differences told of one message; one that is another altogether differs everywhere. */
const MAX_PER_MESSAGE = 10;
/** Beyond this many pairs of messages no best match is looked for. */
const MAX_PAIRS = 4_000_000;

/**
 * Says in words how a client's messages differ from the recorded ones; empty when they do not. Sound is compared by its
 * amount, pictures by whether there are any, all else message by message.
 */
export function compareClients(
  recorded: readonly LiveClientMessage[],
  sent: readonly LiveClientMessage[],
  options: CompareOptions = {},
): string[] {
  const before = prepared(recorded);
  const now = prepared(sent);
  const ignored = (options.ignore ?? []).map((path) => path.split('.'));
  const out: string[] = [];
  for (const [was, is] of pairs(before.others, now.others)) {
    if (!is) out.push(`the client sent no ${nameOf(was)} where the recording has ${excerpt(was)}`);
    else if (!was) out.push(`the client sent a ${nameOf(is)} that the recording has not: ${excerpt(is)}`);
    else out.push(...differences(was, is, ignored).slice(0, MAX_PER_MESSAGE));
  }
  return [...out, ...media(before, now)];
}

interface Prepared {
  others: LiveClientMessage[];
  amounts: Amounts;
  audioTypes: Set<string>;
}

function prepared(messages: readonly LiveClientMessage[]): Prepared {
  // The data of pictures in a turn is compared by size, and no difference shows a secret.
  const redactor = new Redactor({ audio: false });
  const all = messages.map((message) => redactor.message(normal(message)));
  const amounts = new Amounts();
  const audioTypes = new Set<string>();
  for (const message of all) {
    amounts.add(message);
    const mimeType = message.realtimeInput?.audio?.mimeType;
    if (mimeType !== undefined) audioTypes.add(mimeType.replace(/\s/g, '').toLowerCase());
  }
  return { others: all.filter((message) => !kindsOf(message).some(isMedia)), amounts, audioTypes };
}

type Pair =
  | [was: LiveClientMessage, is: LiveClientMessage]
  | [was: LiveClientMessage, is: undefined]
  | [was: undefined, is: LiveClientMessage];

/** Which message stands for which: the longest common sequence of kinds. */
function pairs(before: LiveClientMessage[], now: LiveClientMessage[]): Pair[] {
  const [a, b] = [before.map(nameOf), now.map(nameOf)];
  if (a.length * b.length > MAX_PAIRS) return byPlace(before, now);
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const length = (i: number, j: number): number => table[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i]![j] = a[i] === b[j] ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1));
    }
  }
  const out: Pair[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && a[i] === b[j]) out.push([before[i++]!, now[j++]!]);
    else if (j >= b.length || (i < a.length && length(i + 1, j) >= length(i, j + 1))) {
      out.push([before[i++]!, undefined]);
    } else out.push([undefined, now[j++]!]);
  }
  return out;
}

function byPlace(before: LiveClientMessage[], now: LiveClientMessage[]): Pair[] {
  const longest = Math.max(before.length, now.length);
  return Array.from({ length: longest }, (_none, i) => [before[i], now[i]] as Pair);
}

function differences(was: LiveClientMessage, is: LiveClientMessage, ignored: string[][]): string[] {
  const out: string[] = [];
  const compare = (a: unknown, b: unknown, path: string[]): void => {
    if (
      ignored.some(
        (rule) => rule.length <= path.length && rule.every((step, i) => step === '*' || step === path[i]),
      )
    )
      return;
    if (isTree(a) && isTree(b) && Array.isArray(a) === Array.isArray(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        compare(field(a, key), field(b, key), [...path, key]);
      }
    } else if (plain(a) !== plain(b)) {
      const name = path.join('.');
      if (b === undefined) out.push(`the client left out ${name}, in the recording it is ${excerpt(a)}`);
      else if (a === undefined)
        out.push(`the client sent ${name} = ${excerpt(b)}, which the recording has not`);
      else out.push(`the client sent ${name} = ${excerpt(b)}, in the recording it is ${excerpt(a)}`);
    }
  };
  compare(was, is, []);
  return out;
}

function media(before: Prepared, now: Prepared): string[] {
  const out: string[] = [];
  const [was, is] = [before.amounts.audioMs, now.amounts.audioMs];
  if (Math.abs(was - is) > AUDIO_MS + was * AUDIO_SHARE) {
    out.push(`the client sent ${Math.round(is)} ms of audio, the recording has ${Math.round(was)} ms`);
  }
  const [types, nowTypes] = [before.audioTypes, now.audioTypes].map((set) => [...set].sort().join(', '));
  if (types && nowTypes && types !== nowTypes) {
    out.push(`the client sent audio as ${nowTypes}, in the recording it is ${types}`);
  }
  if (before.amounts.pictures > 0 && now.amounts.pictures === 0) {
    out.push(`the client sent no pictures, the recording has ${before.amounts.pictures}`);
  } else if (before.amounts.pictures === 0 && now.amounts.pictures > 0) {
    out.push(`the client sent ${now.amounts.pictures} pictures, the recording has none`);
  }
  return out;
}

const isTree = (value: unknown): value is object => Array.isArray(value) || isObject(value);

const field = (tree: object, key: string): unknown =>
  Object.hasOwn(tree, key) ? (tree as Record<string, unknown>)[key] : undefined;

/** Credentials are numbered in the order in which they come, and that may differ. */
const plain = (value: unknown): string | undefined =>
  JSON.stringify(value)?.replace(/\[secret-\d+\]/g, '[secret]');

const nameOf = (message: LiveClientMessage): string => kindsOf(message).join('+') || 'empty message';

function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
