import type { WyomingEvent } from './wire';

/** A wake word that a service knows. */
interface Known {
  readonly name: string;
  /** How it may be called: its name, and how it is spoken. */
  readonly keys: readonly string[];
}

/**
 * What an `info` says about wake words.
 *
 * @returns undefined when the service listens for none
 */
export function knownWords({ data }: WyomingEvent): readonly Known[] | undefined {
  const programs = listOf(data.wake);
  if (programs.length === 0) return undefined;
  return programs
    .flatMap((program) => listOf(program.models))
    .flatMap(({ name, phrase }) => {
      if (typeof name !== 'string') return [];
      return [{ name, keys: [name, ...(typeof phrase === 'string' ? [phrase] : [])].map(keyOf) }];
    });
}

/** The service's names for the words that are asked for, and those that it does not know. */
export function chooseWords(
  wanted: readonly string[],
  known: readonly Known[],
): { names: string[]; unknown: string[] } {
  const names: string[] = [];
  const unknown: string[] = [];
  for (const word of wanted) {
    const found = known.filter(({ keys }) => keys.includes(keyOf(word)));
    if (found.length > 0) names.push(...found.map(({ name }) => name));
    else unknown.push(word);
  }
  return { names, unknown };
}

/** Whether a word that was heard is one of these. Services are free to tell of more than they were asked for, and some do. */
export function isOneOf(word: string, names: readonly string[]): boolean {
  return names.some((name) => keyOf(name) === keyOf(word));
}

/** "ok_nabu_v0.1", "OK Nabu" and "ok-nabu" are the same word. */
function keyOf(word: string): string {
  return word
    .toLowerCase()
    .replace(/_v[\d.]+$/, '')
    .replace(/[\s_-]+/g, ' ')
    .trim();
}

function listOf(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null);
}
