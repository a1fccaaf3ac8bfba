/** What a socket delivers as one message: `ws` may hand it over in pieces. */
export type SocketData = Buffer | ArrayBuffer | Buffer[];

/**
 * The part of a `ws` socket that the server works with. Stated here, so that the types of this package need no types of `ws`
 * where it is used.
 */
export interface ServerSocket {
  readonly OPEN: number;
  readonly readyState: number;
  /** Bytes that wait to be taken by the network. */
  readonly bufferedAmount: number;
  on(event: 'message', listener: (data: SocketData) => void): unknown;
  on(event: 'ping', listener: (data: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
  send(data: Buffer | string, options: { binary?: boolean; fin?: boolean }, sent?: () => void): void;
  pong(data: Buffer, mask?: boolean, sent?: () => void): void;
  pause(): void;
  close(code?: number, reason?: string | Buffer): void;
  terminate(): void;
}
