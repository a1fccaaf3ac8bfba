import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { redact } from '../../media';
import { checkDeclaration, isObject } from '../../protocol';
import { EXIT, Failure } from './failure';

/** A function that the model may call. */
export interface ChatTool {
  name: string;
  description?: string;
  /** JSON Schema, or the API's own `Schema`. */
  parameters?: object;
  run(args: Record<string, unknown>, context: { signal: AbortSignal }): unknown;
}

/**
 * Reads functions from a file. JSON: a list of declarations, each with the `result` that every call gets. JavaScript:
 * a default export of such a list with `run(args)` functions, or exported functions with the properties `description` and
 * `parameters`.
 *
 * @throws Failure when there is none, or one makes no sense
 */
export async function loadTools(file: string): Promise<ChatTool[]> {
  const json = /\.json$/i.test(file);
  if (!json && !/\.[cm]?js$/i.test(file)) {
    throw bad(file, 'it must be a .json, .js, .cjs or .mjs file');
  }
  const tools = json ? fromJson(await readJson(file)) : fromModule(await importModule(file));
  if (tools.length === 0) throw bad(file, 'it declares no function');
  const names = new Set<string>();
  for (const { name, description, parameters } of tools) {
    const [mistake] = checkDeclaration({
      name,
      ...(description !== undefined && { description }),
      ...(parameters && { parameters }),
    });
    if (mistake) throw bad(file, `${shown(name)}, ${mistake.path}: ${mistake.problem.replace(/\.$/, '')}`);
    if (names.has(name)) throw bad(file, `the function ${name} is there twice`);
    names.add(name);
  }
  return tools;
}

/**
 * Answers a call; whatever the function does, there is an answer.
 *
 * @param timeoutMs how long a function may take
 */
export async function answer(
  tool: ChatTool | undefined,
  args: Record<string, unknown>,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Record<string, unknown>> {
  if (!tool) return { error: 'There is no such function.' };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`It did not answer within ${timeoutMs / 1000} s.`)), timeoutMs);
  });
  try {
    const result = await Promise.race([(async () => tool.run(args, { signal }))(), late]);
    return plain(result);
  } catch (error) {
    return { error: redact(error instanceof Error ? error.message : String(error)) };
  } finally {
    clearTimeout(timer);
  }
}

/** The response of a call must be a JSON object. */
function plain(result: unknown): Record<string, unknown> {
  const json: unknown = result === undefined ? undefined : JSON.parse(JSON.stringify(result) ?? 'null');
  return isObject(json) ? json : { result: json ?? 'ok' };
}

async function readJson(file: string): Promise<unknown> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    throw bad(file, `it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    throw bad(file, `it is no JSON: ${(error as Error).message}`);
  }
}

async function importModule(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path.resolve(file)).href)) as Record<string, unknown>;
  } catch (error) {
    throw bad(file, redact(error instanceof Error ? error.message : String(error)));
  }
}

/** A list, also as the `functionDeclarations` of one or several tools. */
function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => (isNested(item) ? listOf(item) : [item]));
  if (isNested(value)) return listOf(value.functionDeclarations ?? value.tools);
  return [value];
}

function isNested(value: unknown): value is { functionDeclarations?: unknown[]; tools?: unknown[] } {
  return isObject(value) && (Array.isArray(value['functionDeclarations']) || Array.isArray(value['tools']));
}

function fromJson(value: unknown): ChatTool[] {
  return listOf(value)
    .filter(isObject)
    .map(({ name, description, parameters, result }) => ({
      ...declaration(name, description, parameters),
      run: () => result,
    }));
}

function fromModule(exports: Record<string, unknown>): ChatTool[] {
  const main = exports['default'];
  const list = listOf(main).filter((item) => isObject(item) && typeof item['run'] === 'function');
  if (list.length > 0) {
    return (list as Array<Record<string, unknown>>).map(({ name, description, parameters, run }) => ({
      ...declaration(name, description, parameters),
      run: run as ChatTool['run'],
    }));
  }
  // A CommonJS module's exports are its default export.
  const named: Record<string, unknown> = { ...(isObject(main) ? main : {}), ...exports };
  return Object.entries(named).flatMap(([name, value]) => {
    if (typeof value !== 'function' || name === 'default' || name === 'module.exports') return [];
    const { description, parameters } = value as { description?: unknown; parameters?: unknown };
    return { ...declaration(name, description, parameters), run: value as ChatTool['run'] };
  });
}

function declaration(name: unknown, description: unknown, parameters: unknown): Omit<ChatTool, 'run'> {
  return {
    name: typeof name === 'string' ? name : shown(name),
    ...(typeof description === 'string' && { description }),
    ...(isObject(parameters) && { parameters }),
  };
}

const shown = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

function bad(file: string, why: string): Failure {
  return new Failure(
    EXIT.usage,
    `The tools in ${file} cannot be used: ${why}.`,
    'docs/cli.md shows both forms.',
  );
}
