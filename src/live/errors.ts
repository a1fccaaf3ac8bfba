import type { ClosePolicy } from '../protocol';

/** What a {@link LiveError} is about. */
export type LiveErrorCode =
  /** Model, configuration or endpoint cannot be used; nothing was sent. */
  | 'BAD_CONFIG'
  /** What was to be sent cannot be sent. */
  | 'BAD_INPUT'
  /** The socket did not open in time. */
  | 'CONNECT_TIMEOUT'
  /** The socket opened, but no `setupComplete` came in time. */
  | 'SETUP_TIMEOUT'
  /** The socket could not be opened. */
  | 'CONNECT_FAILED'
  /** The server answered the upgrade with an HTTP status. */
  | 'HTTP_REFUSED'
  /** The server closed before `setupComplete`. */
  | 'SETUP_REFUSED'
  /** The server closed, or the connection was lost, in mid-session. */
  | 'CONNECTION_LOST'
  /** `close()` was called. */
  | 'CLOSED'
  /** Too much waits to be sent. */
  | 'QUEUE_FULL'
  /** The money for the conversation or the day is spent. */
  | 'COST_LIMIT';

/** How the connection ended. */
export interface LiveErrorDetails {
  /** What the user can do. */
  advice?: string;
  /** WebSocket close code. */
  closeCode?: number;
  /** The close reason, or the beginning of the HTTP body, without secrets. */
  reason?: string;
  httpStatus?: number;
  policy?: ClosePolicy;
}

/** Any failure of a session. Messages hold no credentials. */
export class LiveError extends Error {
  override readonly name = 'LiveError';
  readonly advice: string;
  readonly closeCode: number | undefined;
  readonly reason: string | undefined;
  readonly httpStatus: number | undefined;
  readonly policy: ClosePolicy | undefined;

  constructor(
    /** Stable code to branch on. */
    readonly code: LiveErrorCode,
    message: string,
    details: LiveErrorDetails = {},
  ) {
    super(message);
    this.advice = details.advice ?? '';
    this.closeCode = details.closeCode;
    this.reason = details.reason;
    this.httpStatus = details.httpStatus;
    this.policy = details.policy;
  }
}
