import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { ActionError, House, type EntityState } from './house';
import { HomeAssistantSocket } from './socket';

export { type ActionCall, ActionError, type EntityState, House } from './house';

/** Words that say nothing to anybody else: the tests look for them where no secret belongs. */
const TOKEN = 'long-lived-access-token-of-a-test';
const VERSION = '2025.11.3';

export interface HomeAssistantOptions {
  /** The only access token that is taken. */
  token?: string;
}

/**
 * A stand-in for Home Assistant on a free loopback port, with a small house behind it: its WebSocket API
 * (https://developers.home-assistant.io/docs/api/websocket) and the parts of its REST API
 * (https://developers.home-assistant.io/docs/api/rest) that speak of states and actions. Strict: a wrong token, an unknown
 * command, a wrong message and an id that does not grow are refused in Home Assistant's words.
 */
export class HomeAssistant {
  readonly house = new House();
  /** Everything that clients sent after their authentication, in order. */
  readonly received: Array<Record<string, unknown>> = [];
  /** Clients that came with a wrong token. */
  refused = 0;
  /** Nobody gets in, as while Home Assistant starts. Who is connected stays: see {@link drop}. */
  away = false;
  private readonly sockets = new Set<HomeAssistantSocket>();
  private readonly wss = new WebSocketServer({ noServer: true });

  private constructor(
    private readonly http: Server,
    readonly token: string,
  ) {
    http.on('request', (request, response) => void this.rest(request, response));
    http.on('upgrade', (request, socket, head) => {
      if (this.away || request.url !== '/api/websocket') return void socket.destroy();
      this.wss.handleUpgrade(request, socket, head, (client) => {
        const connection = new HomeAssistantSocket(client, this);
        this.sockets.add(connection);
        client.once('close', () => this.sockets.delete(connection));
      });
    });
  }

  static async start({ token = TOKEN }: HomeAssistantOptions = {}): Promise<HomeAssistant> {
    const http = createServer();
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new HomeAssistant(http, token);
  }

  readonly version = VERSION;

  /** What a user of the Home Assistant nodes enters as base URL. */
  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** Clients that are authenticated. */
  get clients(): number {
    return [...this.sockets].filter(({ authenticated }) => authenticated).length;
  }

  /** An entity as it is now; throws when the house has none of that id. */
  entity(id: string): EntityState {
    const entity = this.house.entities.get(id);
    if (!entity) throw new Error(`There is no ${id} in this house.`);
    return entity;
  }

  /** Breaks every connection, as a restart of Home Assistant does. */
  drop(): void {
    for (const socket of this.sockets) socket.end();
  }

  async close(): Promise<void> {
    this.drop();
    this.wss.close();
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }

  /** Answer of `get_config` and of `GET /api/config`, as far as clients look at it. */
  config(): object {
    return {
      location_name: 'Home',
      version: VERSION,
      state: 'RUNNING',
      time_zone: 'Europe/Berlin',
      unit_system: { temperature: '°C', length: 'km' },
      components: ['api', 'websocket_api', 'light', 'cover', 'climate', 'lock', 'sensor', 'binary_sensor'],
    };
  }

  private async rest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      this.refused += 1;
      return void response.writeHead(401).end('401: Unauthorized');
    }
    const [, api, what, first, second] = (request.url ?? '').split('/');
    const { method } = request;
    if (api !== 'api') return answer(404, { message: 'Not Found' });
    if (method === 'GET' && !what) return answer(200, { message: 'API running.' });
    if (method === 'GET' && what === 'config') return answer(200, this.config());
    if (method === 'GET' && what === 'states') {
      if (!first) return answer(200, [...this.house.entities.values()]);
      const entity = this.house.entities.get(first);
      return entity ? answer(200, entity) : answer(404, { message: 'Entity not found.' });
    }
    if (method !== 'POST' || what !== 'services' || !first || !second)
      return answer(404, { message: 'Not Found' });
    const changed: EntityState[] = [];
    const note = (after: EntityState): unknown => changed.push(after);
    this.house.on('change', note);
    try {
      this.house.act(first, second, (await json(request)) as Record<string, unknown>, {});
      answer(200, changed);
    } catch (error) {
      answer(400, { message: error instanceof ActionError ? error.message : 'Invalid JSON specified.' });
    } finally {
      this.house.off('change', note);
    }
  }
}

async function json(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return text ? JSON.parse(text) : {};
}
