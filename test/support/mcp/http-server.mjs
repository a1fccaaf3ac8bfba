import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { mcpServer } from './tools.mjs';

/**
 * An MCP server by streamable HTTP on loopback.
 *
 * @param options `token`: what a client must bring; `port`: where, default any; `hang`: takes requests and answers none;
 *   `redirect`: sends everybody there
 */
export async function startHttpServer({ token, port = 0, hang = false, redirect } = {}) {
  const sessions = new Map();
  const state = {
    calls: [],
    cancelled: [],
    extra: [],
    requests: [],
    ended: 0,
    die: () => close(),
    given: () => ({}),
  };
  const sockets = new Set();
  const server = http.createServer((request, response) => {
    state.requests.push({ method: request.method, url: request.url, headers: request.headers });
    if (hang) return;
    if (redirect) return response.writeHead(307, { location: redirect }).end();
    if (token && request.headers.authorization !== `Bearer ${token}`) return response.writeHead(401).end();
    const id = request.headers['mcp-session-id'];
    if (id && !sessions.has(id)) return response.writeHead(404).end();
    if (request.method === 'DELETE') state.ended += 1;
    void serve(id, request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  async function serve(id, request, response) {
    let transport = sessions.get(id);
    if (!transport) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (made) => sessions.set(made, transport),
        onsessionclosed: (gone) => sessions.delete(gone),
      });
      await mcpServer(state).connect(transport);
    }
    await transport.handleRequest(request, response);
  }

  async function close() {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }

  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const at = server.address().port;
  return {
    url: `http://127.0.0.1:${at}/mcp`,
    port: at,
    state,
    sockets,
    /** Sessions are forgotten, as after a new start. */
    forget: () => sessions.clear(),
    close,
  };
}
