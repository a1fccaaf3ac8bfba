import { McpFailure } from './failure';

/** A tool as a server tells of it. */
export interface McpTool {
  name: string;
  title?: string;
  description?: string;
  inputSchema: unknown;
}

/** Most tools that are read: a list without end must have one here. */
const MAX_TOOLS = 2000;
const MAX_PAGES = 200;

/**
 * Reads all pages of a server's tools. What is no tool is passed over: it costs nobody else their place.
 *
 * @param ask gets one page
 * @throws McpFailure when the pages go round in circles; what `ask` throws
 */
export async function readTools(
  ask: (cursor: string | undefined) => Promise<Record<string, unknown>>,
): Promise<McpTool[]> {
  const tools: McpTool[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES && tools.length < MAX_TOOLS; page += 1) {
    const { tools: list, nextCursor } = await ask(cursor);
    if (Array.isArray(list)) tools.push(...list.filter(isTool));
    if (typeof nextCursor !== 'string' || nextCursor === '') return tools;
    if (seen.has(nextCursor)) throw new McpFailure('The MCP server tells its tools in circles.');
    seen.add(nextCursor);
    cursor = nextCursor;
  }
  return tools.slice(0, MAX_TOOLS);
}

function isTool(value: unknown): value is McpTool {
  const { name } = (value ?? {}) as Partial<McpTool>;
  return typeof name === 'string' && name !== '';
}
