/** Codes of JSON-RPC errors that the SDK itself makes. */
const TIMED_OUT = -32001;
const CONNECTION_CLOSED = -32000;
/** Statuses by which servers say that they do not know our session. */
const FORGOTTEN = [400, 404];
/** Statuses that are no matter of a single call. */
const GONE = [...FORGOTTEN, 401, 403, 502, 503, 504];

/** What a failure of a server means. */
export interface FailureTraits {
  /** The server is not there: it may be again later. */
  gone?: boolean;
  /** It certainly did not begin to work on the call, which may be repeated. */
  unheard?: boolean;
  timeout?: boolean;
}

/** A server does not answer, or answers with an error. The message may hold secrets until it was cleaned. */
export class McpFailure extends Error {
  override readonly name = 'McpFailure';
  readonly code = 'MCP_SERVER';
  readonly gone: boolean;
  readonly unheard: boolean;
  readonly timeout: boolean;

  constructor(message: string, { gone = false, unheard = false, timeout = false }: FailureTraits = {}) {
    super(message);
    this.gone = gone;
    this.unheard = unheard;
    this.timeout = timeout;
  }
}

/**
 * Reads what the SDK throws: errors of JSON-RPC with their negative codes, of HTTP with their status, and whatever the network says.
 *
 * @param said the last words of the server
 */
export function failureOf(thrown: unknown, said = ''): McpFailure {
  if (thrown instanceof McpFailure) return thrown;
  const {
    code,
    message = String(thrown),
    cause,
  } = (thrown ?? {}) as {
    code?: unknown;
    message?: string;
    cause?: { message?: string; code?: string };
  };
  if (code === TIMED_OUT) {
    return new McpFailure('The MCP server did not answer in time.', { timeout: true });
  }
  if (code === CONNECTION_CLOSED || /^Not connected/.test(message)) {
    return endedFailure(said);
  }
  if (typeof code === 'number' && code < 0) {
    return new McpFailure(`The MCP server says: ${message.replace(/^MCP error -?\d+: /, '')}`);
  }
  if (typeof code === 'number')
    return new McpFailure(httpText(code, message), {
      gone: GONE.includes(code),
      unheard: FORGOTTEN.includes(code),
    });
  if (code === 'ENOENT' || code === 'EACCES') {
    return new McpFailure(
      `The MCP server cannot be started: ${message}. Check the command and the working directory; a program that is not on the PATH needs its whole path.`,
      { gone: true },
    );
  }
  const reason = cause?.message || cause?.code;
  return new McpFailure(
    `The MCP server cannot be reached: ${message}${reason ? ` (${reason})` : ''}.${said && ` ${said}`}`,
    { gone: true },
  );
}

function httpText(status: number, message: string): string {
  if (status === 401 || status === 403) {
    return `The MCP server does not let us in (HTTP ${status}). Check the token and the headers.`;
  }
  if (status === 404)
    return 'There is no MCP server at this address (HTTP 404), or it does not know us any more.';
  const text = message
    .replace(/^Streamable HTTP error: /, '')
    .replace(/^Error POSTing to endpoint:?/, '')
    .trim();
  return `The MCP server answers with HTTP ${status}${text ? `: ${text}` : ''}.`;
}

/** @param said the last words of the server */
export function endedFailure(said: string): McpFailure {
  return new McpFailure(`The MCP server has ended the connection.${said && ` ${said}`}`, { gone: true });
}
