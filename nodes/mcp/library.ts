import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { NodeError } from '../shared/errors';

/** A message of JSON-RPC, as it goes through a transport. */
export interface JsonRpcMessage {
  jsonrpc: '2.0';
  [field: string]: unknown;
}

/** What carries messages between the SDK's client and a server; the SDK sets the callbacks. */
export interface McpTransport {
  onmessage?: (message: JsonRpcMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  start(): Promise<void>;
  send(message: JsonRpcMessage): Promise<void>;
  close(): Promise<void>;
}

/** Options of a request. Times in ms. */
export interface RequestOptions {
  timeout?: number;
  /** Aborting it sends the server a cancellation. */
  signal?: AbortSignal;
  onprogress?: (progress: Progress) => void;
  /** Progress starts the timeout anew. */
  resetTimeoutOnProgress?: boolean;
}

/** What a server tells of a call that is under way. */
export interface Progress {
  progress: number;
  total?: number;
  message?: string;
}

/** The part of the SDK's `Client` that is used here; the same since version 1.20. */
export interface McpClient {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  fallbackNotificationHandler?: (notification: { method: string }) => Promise<void>;
  connect(transport: McpTransport, options?: RequestOptions): Promise<void>;
  request(
    request: { method: string; params?: object },
    schema: unknown,
    options?: RequestOptions,
  ): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Options of the SDK's transport for HTTP. */
export interface HttpTransportOptions {
  requestInit: { headers: Record<string, string> };
  fetch: typeof fetch;
}

/** What is used of the official MCP SDK. */
export interface McpLibrary {
  Client: new (
    info: { name: string; version: string },
    options: { capabilities: Record<string, never> },
  ) => McpClient;
  StreamableHTTPClientTransport: new (
    url: URL,
    options: HttpTransportOptions,
  ) => McpTransport & { terminateSession(): Promise<void> };
  /** The few variables that a server inherits when nothing else is said: no secret is among them. */
  getDefaultEnvironment(): Record<string, string>;
  /** Takes any result: what is in it is read with care here, so that one odd tool does not cost all others. */
  ResultSchema: unknown;
  /** Loads what the SDK itself depends on. */
  require: NodeJS.Require;
}

const PACKAGE = '@modelcontextprotocol/sdk';

/**
 * The official MCP SDK, an optional package: it is looked for when it is needed, first in Node-RED's user directory, then beside
 * this package.
 *
 * @param places files from which it is looked for, as `require` there would
 * @throws NodeError `NO_MCP_SDK` when it is not installed, or too old
 */
export function loadLibrary(
  userDir: string,
  places = [path.join(userDir, 'package.json'), __filename],
): McpLibrary {
  for (const place of places) {
    const load = createRequire(place);
    if (!isInstalled(load)) continue;
    try {
      const client = load.resolve(`${PACKAGE}/client/index.js`);
      return {
        ...(load(client) as Pick<McpLibrary, 'Client'>),
        ...(load(`${PACKAGE}/client/streamableHttp.js`) as Pick<McpLibrary, 'StreamableHTTPClientTransport'>),
        ...(load(`${PACKAGE}/client/stdio.js`) as Pick<McpLibrary, 'getDefaultEnvironment'>),
        ...(load(`${PACKAGE}/types.js`) as Pick<McpLibrary, 'ResultSchema'>),
        require: createRequire(client),
      };
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      throw new NodeError(
        'NO_MCP_SDK',
        `The package ${PACKAGE} cannot be loaded (${reason}). ${advice(userDir)}`,
      );
    }
  }
  throw new NodeError(
    'NO_MCP_SDK',
    `Using MCP servers needs the package ${PACKAGE}, which is not installed. ${advice(userDir)}`,
  );
}

/**
 * Node.js remembers for good that it did not find a package: so it is asked only for one that is there, and what is installed while
 * Node-RED runs is found by the next deploy.
 */
function isInstalled(load: NodeJS.Require): boolean {
  const folders = load.resolve.paths(PACKAGE) ?? [];
  return folders.some((folder) => existsSync(path.join(folder, PACKAGE, 'package.json')));
}

function advice(userDir: string): string {
  return `Run "npm install ${PACKAGE}" in ${userDir}, then deploy this node again.`;
}
