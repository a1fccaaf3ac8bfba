import type { Backend, CallableTool, LiveConnectConfig, ToolInput } from './config';
import { ProtocolError } from './errors';
import { copyFields } from './fields';
import { toSchema } from './json-schema';
import { isObject } from './walk';
import type { Tool } from './wire';

/** The tools of a setup or a context update as the wire wants them. */
export function toTools(tools: ReadonlyArray<ToolInput | CallableTool>, backend?: Backend): Tool[] {
  if (!Array.isArray(tools)) throw new ProtocolError('BAD_INPUT', '"tools" must be a list of tools');
  return tools.map((tool: unknown) => {
    if (!isObject(tool)) throw new ProtocolError('BAD_INPUT', 'Each of "tools" must be an object');
    if (isCallable(tool)) {
      throw new ProtocolError(
        'BAD_INPUT',
        'A callable tool declares itself asynchronously: pass the configuration through resolveTools first',
      );
    }
    const declarations = tool['functionDeclarations'];
    const copy = Array.isArray(declarations)
      ? { ...tool, functionDeclarations: declarations.map(toDeclaration) }
      : tool;
    return copyFields('Tool', copy, backend) as Tool;
  });
}

/**
 * Asks callable tools (the official SDK's `CallableTool`, for example its MCP adapter) for their declarations.
 *
 * @returns a configuration with plain tools; the given one is not changed.
 */
export async function resolveTools(config: LiveConnectConfig): Promise<LiveConnectConfig> {
  const { tools } = config;
  if (!Array.isArray(tools) || !tools.some(isCallable)) return config;
  return {
    ...config,
    tools: await Promise.all(tools.map((tool) => (isCallable(tool) ? tool.tool() : tool))),
  };
}

/** Whether a tool declares itself when it is asked, as the official SDK's `CallableTool` does. */
export function isCallable(tool: unknown): tool is CallableTool {
  return isObject(tool) && typeof tool['callTool'] === 'function' && typeof tool['tool'] === 'function';
}

/** `parameters` and `response` become API schemas; with `$schema` they are proper JSON Schema and sent as such. */
function toDeclaration(declaration: unknown): unknown {
  if (!isObject(declaration)) return declaration;
  const out = { ...declaration };
  for (const [key, raw] of [
    ['parameters', 'parametersJsonSchema'],
    ['response', 'responseJsonSchema'],
  ] as const) {
    const schema = out[key];
    if (!schema) continue;
    if (!isObject(schema) || !('$schema' in schema)) out[key] = toSchema(schema);
    else if (!out[raw]) {
      out[raw] = schema;
      delete out[key];
    }
  }
  return out;
}
