import type { MindInput, Reply } from '../parts';
import { calculate } from './calculate';
import { fill } from './fill';
import type { Rule } from './rule';
import type { Known } from './plan';

const ADDRESS = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)]/g;

/** Addresses which nobody owns, so that a result made up for one of them says nothing about anybody. */
const RESERVED = /^https?:\/\/(?:[\w-]+\.)*example\.(?:com|org|net)(?:[/:?#]|$)/;

/** Plays a built-in tool of the service. @returns nothing when the client has not asked for it, or the rule has none */
export function playBuiltIn({ builtIn: rule }: Rule, known: Known, input: MindInput): Reply | undefined {
  if (!rule || !input.builtIn?.includes(rule.tool)) return undefined;
  const say = (more: Record<string, string> = {}): string =>
    fill(rule.say, (key) => more[key] ?? known(key)) ?? '';
  const text = (entry: string): string => fill(entry, known) ?? entry;
  switch (rule.tool) {
    case 'googleSearch': {
      const address = (uri: string): string => fill(uri, (key) => encode(known(key))) ?? uri;
      const sources = rule.sources.map(({ title, uri }) => ({
        title: text(title),
        uri: address(uri),
      }));
      return {
        say: say(),
        used: { search: { queries: rule.queries.map(text), sources } },
      };
    }
    case 'codeExecution': {
      const sum = calculate(text(rule.calculate));
      if (!sum) return undefined;
      const { expression, output } = sum;
      return {
        say: say({ output }),
        used: {
          code: { code: `print(${expression})\n`, output: `${output}\n` },
        },
      };
    }
    case 'urlContext': {
      const urls = input.text.match(ADDRESS) ?? [];
      if (urls.length === 0) return undefined;
      const used = {
        urls: urls.map((url) => ({ url, read: RESERVED.test(url) })),
      };
      return { say: say({ url: urls[0]! }), used };
    }
  }
}

const encode = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : encodeURIComponent(value);
