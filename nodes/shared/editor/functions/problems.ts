import { checkDeclaration } from '../../../../src/protocol/function-check';
import type { FunctionRow, Json } from './row';
import { readParameters } from './schema-rows';

/** Something wrong with a function, and where: `name`, `properties.room.type`; empty for the function as a whole. */
export interface Problem {
  path: string;
  problem: string;
}

/** A text of the catalogue. */
export type Translate = (key: string, values?: Record<string, string>) => string;

/** What is wrong with a declaration, by the same rules as in the runtime, with paths as somebody sees them who edits the schema. */
export function declarationProblems(name: string, description: string, parameters: Json): Problem[] {
  return checkDeclaration({ name, description, parameters }).map(({ path, problem }) => ({
    path: path.replace(/^parameters\.?/, ''),
    problem,
  }));
}

/** What is wrong with each of the functions of a node. */
export function functionProblems(rows: readonly FunctionRow[], translate: Translate): Problem[][] {
  return rows.map((row) => {
    const problems = declarationProblems(row.name, row.description, row.parameters);
    const say = (path: string, key: string): void => {
      problems.push({ path, problem: translate(`functions.wrong.${key}`) });
    };
    if (row.name && rows.some((other) => other !== row && other.name === row.name)) say('name', 'twice');
    const parameters = readParameters(row.parameters) ?? [];
    for (const { name, schema } of parameters)
      if (hasWords(schema)) say(`properties.${name}.enum`, 'numbers');
    if (row.confirm === 'voice' && parameters.some(({ name }) => name === 'confirmed'))
      say('properties.confirmed', 'confirmed');
    if (!isTime(row.timeout)) say('timeout', 'seconds');
    if (row.confirm && !isTime(row.confirmTimeout ?? '')) say('confirmTimeout', 'seconds');
    return problems;
  });
}

/** Words are allowed where a number is wanted: a range or list that was mistyped. */
function hasWords(schema: unknown): boolean {
  const { type, enum: values } = (schema ?? {}) as Json;
  if ((type !== 'number' && type !== 'integer') || !Array.isArray(values)) return false;
  return values.some((value) => Number.isNaN(Number(value)));
}

function isTime(value: unknown): boolean {
  return value === '' || Number(value) > 0;
}
