import { readFile, rename, writeFile } from 'node:fs/promises';
import type { ConversationState } from '../../live';
import { isObject } from '../../protocol';
import { EXIT, Failure } from './failure';

/**
 * The conversation in a file; undefined when there is none yet.
 * @throws Failure when it is something else
 */
export async function stateIn(file: string): Promise<ConversationState | undefined> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new Failure(EXIT.usage, `The conversation in ${file} cannot be read (${code}).`, 'Check its name.');
  }
  try {
    const state: unknown = JSON.parse(content);
    if (isObject(state) && typeof state['conversation'] === 'string' && Array.isArray(state['history'])) {
      return state as unknown as ConversationState;
    }
  } catch {
    // Told below.
  }
  throw new Failure(EXIT.usage, `${file} holds no conversation.`, 'Name another file, or remove this one.');
}

/** Keeps a conversation; its handle opens it, so nobody else may read the file. @returns what went wrong */
export async function keepState(file: string, state: ConversationState): Promise<string | undefined> {
  try {
    await writeFile(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
    return undefined;
  } catch (error) {
    return `The conversation was not kept in ${file}: ${(error as Error).message}.`;
  }
}
