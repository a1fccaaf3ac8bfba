/** What the tests use of Home Assistant's client library, whose own types its CommonJS half does not name. */
declare module 'home-assistant-js-websocket' {
  export interface HassEntity {
    state: string;
    attributes: Record<string, unknown>;
  }
  export interface Connection {
    close(): void;
    subscribeEvents(listener: (event: Record<string, unknown>) => void, type?: string): Promise<unknown>;
  }
  export const ERR_INVALID_AUTH: number;
  export function createLongLivedTokenAuth(url: string, token: string): object;
  export function createConnection(options: {
    auth: object;
    createSocket: () => Promise<unknown>;
  }): Promise<Connection>;
  export function subscribeEntities(
    connection: Connection,
    listener: (entities: Record<string, HassEntity>) => void,
  ): () => void;
  export function callService(
    connection: Connection,
    domain: string,
    service: string,
    data: object,
    target: object,
  ): Promise<unknown>;
  export function getServices(connection: Connection): Promise<Record<string, Record<string, object>>>;
}
