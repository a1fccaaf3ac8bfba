import { createHash } from 'node:crypto';
import { checkDeclaration, FUNCTION_NAME } from '../../src/protocol/function-check';
import type { DeclaredFunction } from '../shared/registry';
import { modelSchema } from './schema';
import type { OfferSettings } from './settings';
import type { McpTool } from './tools-list';

/** The tools of a server as functions that the model may call. */
export interface McpOffer {
  functions: DeclaredFunction[];
  /** What the server calls each of them. */
  toolOf: ReadonlyMap<string, string>;
  /** What could not be offered as it is, and why. */
  warnings: string[];
}

/** Models choose worse among more functions (API guide to function calling: 10 to 20). */
export const MANY = 20;
/** Longest name that every backend takes. */
const MAX_NAME = 64;

/** Chooses tools and turns them into functions. The same tools always get the same names, in whatever order they come. */
export function offerOf(tools: readonly McpTool[], { only, prefix, behavior }: OfferSettings): McpOffer {
  const warnings: string[] = [];
  const functions: DeclaredFunction[] = [];
  const toolOf = new Map<string, string>();
  const there = new Map(tools.map((tool) => [tool.name, tool]));
  for (const name of only ?? []) {
    if (!there.has(name)) warnings.push(`The server has no tool "${name}", which is chosen in the dialog.`);
  }
  const chosen = [...there.values()].filter(({ name }) => !only || only.includes(name));
  const wanted = chosen.map((tool) => functionName(prefix + tool.name));
  chosen.forEach((tool, index) => {
    const [plain, fits] = [prefix + tool.name, wanted[index]!];
    const shared = wanted.filter((name) => name === fits).length > 1;
    const name = fits !== plain && shared ? withHash(fits, tool.name) : fits;
    const declared = declarationOf(tool, name, behavior, warnings);
    if (!declared) return;
    if (name !== plain)
      warnings.push(`The tool "${tool.name}" is called ${name} here: the API takes no such name.`);
    functions.push(declared);
    toolOf.set(name, tool.name);
  });
  if (functions.length > MANY) {
    warnings.push(
      `${functions.length} tools are offered, and models choose worse among more than ${MANY}: choose those that are needed in the dialog.`,
    );
  }
  return { functions, toolOf, warnings };
}

function declarationOf(
  tool: McpTool,
  name: string,
  behavior: OfferSettings['behavior'],
  warnings: string[],
): DeclaredFunction | undefined {
  const leaveOut = (why: string): undefined => {
    warnings.push(`The tool "${tool.name}" is not offered: ${why}.`);
  };
  let parameters: Record<string, unknown>;
  try {
    const { schema, lost } = modelSchema(tool.inputSchema ?? { type: 'object' });
    parameters = schema;
    if (lost.length)
      warnings.push(`Of the arguments of "${tool.name}", the model is not told: ${lost.join(', ')}.`);
  } catch (error) {
    return leaveOut(error instanceof Error ? error.message : String(error));
  }
  const description = (textOf(tool.description) ?? textOf(tool.title))?.trim();
  const declared: DeclaredFunction = {
    name,
    ...(description && { description }),
    ...(parameters.properties !== undefined && { parametersJsonSchema: parameters }),
    ...(behavior && { behavior }),
  };
  const [problem] = checkDeclaration(declared);
  if (!problem) return declared;
  return leaveOut(`${problem.path}: ${problem.problem.replace(/\.$/, '')}`);
}

/** A name that the API takes: what it does not take becomes "_", what is too long is cut. */
function functionName(name: string): string {
  const clean = name.replace(/[^\w.:-]/g, '_');
  const begun = /^[A-Za-z_]/.test(clean) ? clean : `_${clean}`;
  return begun.length <= MAX_NAME && FUNCTION_NAME.test(begun) ? begun : withHash(begun, name);
}

function withHash(name: string, original: string): string {
  const hash = createHash('sha256').update(original).digest('hex').slice(0, 6);
  return `${name.slice(0, MAX_NAME - hash.length - 1)}_${hash}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
