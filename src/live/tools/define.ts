import { checkDeclaration, fitsSchema, type LiveConnectConfig } from '../../protocol';
import { LiveError } from '../errors';
import type { ToolArgs } from './open-call';
import type { Scheduling } from './policy';
import type { ArgumentsOf } from './schema-types';
import type { ToolSession } from './tool-session';

/** What a function is given beside its arguments. */
export interface ToolContext<State = unknown> {
  /** Id of the call. */
  readonly id: string;
  readonly name: string;
  /** Turn in which the model called. */
  readonly turn: number;
  /** The session that called; it is the whole `LiveSession`. */
  readonly session: ToolSession;
  /** `toolState` of the session's options: what the functions of an application share. */
  readonly state: State;
  /** Aborted when nobody wants the answer any more: the call was cancelled, took too long, was lost, or the session closed. */
  readonly signal: AbortSignal;
  /**
   * Tells a partial result. Models that wait for the answer, and Vertex AI, take none: there it is not sent.
   *
   * @param value as {@link toolAnswer} takes it
   */
  progress(value: unknown, options?: { scheduling?: Scheduling }): void;
}

/** What a function is called, and what it takes. */
export interface ToolDefinition<Parameters = object> {
  /** Letters, digits, "_", ".", ":" and "-", with a letter or "_" first. */
  name: string;
  /** What it does, and when to call it: the model decides by this. */
  description?: string;
  /** JSON Schema, or the API's own `Schema`, of an object; nothing: there are no arguments. */
  parameters?: Parameters;
  /** Whether the model waits for the answer. Default: as the model does. */
  behavior?: 'BLOCKING' | 'NON_BLOCKING';
  /** When its answer is told, where the model does not wait. */
  scheduling?: Scheduling;
  /** How long it may take (ms); `false`: for ever. Default: as the session's policy says. */
  timeoutMs?: number | false;
}

/** A function that a session declares to its model and runs by itself; made by {@link defineTool}. */
export interface Tool<Args = ToolArgs, State = unknown> extends ToolDefinition {
  run(args: Args, context: ToolContext<State>): unknown;
}

/** Any function, whatever it takes. */
export type AnyTool = Tool;

/**
 * Defines a function that the model may call. The types of its arguments are those of the schema, and arguments that do
 * not fit it never reach the function.
 *
 * ```ts
 * const setLight = defineTool(
 *   {
 *     name: 'set_light',
 *     description: 'Turns a light on or off.',
 *     parameters: {
 *       type: 'object',
 *       properties: { room: { type: 'string', enum: ['kitchen', 'bedroom'] }, on: { type: 'boolean' } },
 *       required: ['room', 'on'],
 *     },
 *   },
 *   async ({ room, on }, { state }: ToolContext<Home>) => state.light(room, on),
 * );
 * ```
 *
 * @param run returns the answer, as {@link toolAnswer} takes it; what it throws becomes a failure that the model is told.
 * What an async generator yields are partial results, what it returns is the last one.
 * @throws LiveError `BAD_INPUT` with the place of each mistake in the declaration
 */
export function defineTool<
  const Parameters extends object = { type: 'object'; properties: object },
  State = unknown,
>(
  definition: ToolDefinition<Parameters>,
  run: (args: ArgumentsOf<Parameters>, context: ToolContext<State>) => unknown,
): Tool<ArgumentsOf<Parameters>, State> {
  const problems = checkDeclaration(declarationOf(definition));
  if (problems.length > 0) {
    const list = problems.map(({ path, problem }) => `${path || 'declaration'}: ${problem}`).join(' ');
    throw new LiveError('BAD_INPUT', `The function ${String(definition?.name)} is declared wrongly. ${list}`);
  }
  return { ...definition, run };
}

/** A function as the API declares it. */
export function declarationOf({ name, description, parameters, behavior }: ToolDefinition): {
  name: string;
  description?: string;
  parameters?: object;
  parametersJsonSchema?: object;
  behavior?: 'BLOCKING' | 'NON_BLOCKING';
} {
  return {
    name,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && {
      [fitsSchema(parameters) ? 'parameters' : 'parametersJsonSchema']: parameters,
    }),
    ...(behavior !== undefined && { behavior }),
  };
}

/**
 * The configuration with the session's own functions in it. A function that both declare is the session's.
 *
 * @param config its callable tools have declared themselves
 */
export function withFunctions(config: LiveConnectConfig, own: readonly AnyTool[]): LiveConnectConfig {
  if (own.length === 0) return config;
  const names = new Set(own.map(({ name }) => name));
  const others = (config.tools ?? []).map((tool) => {
    if (!('functionDeclarations' in tool) || !tool.functionDeclarations) return tool;
    const left = tool.functionDeclarations.filter(({ name }) => !names.has(name ?? ''));
    const { functionDeclarations: _all, ...rest } = tool;
    return left.length > 0 ? { ...rest, functionDeclarations: left } : rest;
  });
  const tools = others.filter((tool) => Object.keys(tool).length > 0);
  return { ...config, tools: [...tools, { functionDeclarations: own.map(declarationOf) }] };
}

/** Checks a list of functions. @throws LiveError `BAD_CONFIG` when two have the same name, or one is none */
export function checkTools(tools: readonly AnyTool[]): void {
  const names = new Set<string>();
  for (const tool of tools) {
    if (typeof tool?.run !== 'function' || typeof tool.name !== 'string') {
      throw new LiveError(
        'BAD_CONFIG',
        'Each of "tools" must be made by defineTool: others belong into config.tools',
      );
    }
    if (names.has(tool.name)) throw new LiveError('BAD_CONFIG', `The function ${tool.name} is there twice`);
    names.add(tool.name);
  }
}
