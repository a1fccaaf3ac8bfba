import { MediaError } from '../errors';

/**
 * Cuts a command line into program and arguments like a shell, but runs none: quotes of both kinds and backslashes work; variables,
 * wildcards and pipes mean nothing.
 *
 * @throws MediaError `BAD_INPUT` when it is empty or a quote is not closed
 */
export function splitWords(line: string): [command: string, ...args: string[]] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && /["\\]/.test(line[i + 1] ?? '')) word += line[++i]!;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === '\\' && process.platform !== 'win32' && i + 1 < line.length) {
      word = (word ?? '') + line[++i]!;
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  const [command, ...args] = words;
  if (quote !== '') {
    throw new MediaError('BAD_INPUT', `A ${quote} of the command is not closed: add another one.`);
  }
  if (!command)
    throw new MediaError('BAD_INPUT', 'There is no command. Enter a program, e.g. grim -t jpeg -');
  return [command, ...args];
}
