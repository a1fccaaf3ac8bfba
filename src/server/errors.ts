/** Codes of {@link ServerError}. */
export type ServerErrorCode = 'PORT_IN_USE' | 'LISTEN_FAILED' | 'BAD_OPTION';

/** The local Live server cannot start. `message` says what happened, to what, and what to do next. */
export class ServerError extends Error {
  override readonly name = 'ServerError';

  constructor(
    readonly code: ServerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Says in words why the server could not listen on `host:port`. */
export function listenError(cause: NodeJS.ErrnoException, host: string, port: number): ServerError {
  switch (cause.code) {
    case 'EADDRINUSE':
      return new ServerError(
        'PORT_IN_USE',
        `Port ${port} on ${host} is taken by another program. Choose another port, or 0 for any free one.`,
        { cause },
      );
    case 'EACCES':
      return new ServerError(
        'LISTEN_FAILED',
        `This user may not listen on port ${port} of ${host}. Choose a port above 1023.`,
        { cause },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ServerError(
        'LISTEN_FAILED',
        `${host} is no address of this machine. Use 127.0.0.1 for this machine only, or 0.0.0.0 for all its addresses.`,
        { cause },
      );
    default:
      return new ServerError('LISTEN_FAILED', `Cannot listen on ${host}:${port}: ${cause.message}`, {
        cause,
      });
  }
}
