import type { Socket } from 'node:net';

/** What a test server saw. */
export interface McpState {
  calls: { name: string; args: Record<string, unknown> }[];
  cancelled: unknown[];
  extra: { name: string; inputSchema: object }[];
  requests: { method: string; url: string; headers: Record<string, string | undefined> }[];
  /** Sessions that a client has ended. */
  ended: number;
}

export interface McpHttpServer {
  url: string;
  port: number;
  state: McpState;
  sockets: Set<Socket>;
  forget(): void;
  close(): Promise<void>;
}

export interface McpHttpOptions {
  /** What a client must bring. */
  token?: string;
  port?: number;
  /** Takes requests and answers none. */
  hang?: boolean;
  /** Sends everybody there. */
  redirect?: string;
}

export function startHttpServer(options?: McpHttpOptions): Promise<McpHttpServer>;
