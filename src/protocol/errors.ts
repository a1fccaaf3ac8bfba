/** What a {@link ProtocolError} is about. */
export type ProtocolErrorCode =
  /** A frame that is not one JSON object. */
  | 'BAD_FRAME'
  /** The caller's value cannot be written as a client message. */
  | 'BAD_INPUT'
  /** The model name cannot be used in a resource path. */
  | 'BAD_MODEL'
  /** The endpoint (URL, key, header) cannot be used. */
  | 'BAD_ENDPOINT'
  /** The field exists only on the other backend (Gemini API or Vertex AI). */
  | 'WRONG_BACKEND'
  /** The Live API does not support this at all. */
  | 'UNSUPPORTED'
  /** The same field was given twice with different values. */
  | 'CONFLICT';

/** Any refusal of `src/protocol`. The message never holds credentials or long payloads. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';

  constructor(
    /** Stable code to branch on. */
    readonly code: ProtocolErrorCode,
    message: string,
  ) {
    super(message);
  }
}
