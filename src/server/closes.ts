/** How a socket is ended: WebSocket close code and reason as the service words it. */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** Longest reason in bytes: 125 for the payload of a control frame, less 2 for the code (RFC 6455, 5.5). */
const REASON_BYTES = 123;

/**
 * Cuts a reason as the service does, in the middle of a word if need be, but never inside a UTF-8 character
 * (the client would have to fail the connection, RFC 6455, 8.1).
 */
export function cutReason(reason: string): string {
  const bytes = Buffer.from(reason, 'utf8');
  if (bytes.length <= REASON_BYTES) return reason;
  let end = REASON_BYTES;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

const close = (code: number, reason: string): Close => ({ code, reason: cutReason(reason) });

/**
 * Every close the server makes by itself. Codes and reasons are recorded or reported ones; where the service's own
 * wording is unknown, `invalidArgument` stands in, and docs/protocol.md marks the row as ours.
 */
export const closes = {
  /** Seen for a second setup and for `clientContent` in mid-session on 3.1 models. */
  invalidArgument: () => close(1007, 'Request contains an invalid argument.'),
  /** @param message of the schema walk, which words it as the service does */
  invalidPayload: (message: string) => close(1007, message),
  /** @param path of the parent in snake case */
  unknownName: (name: string, path: string) =>
    close(1007, `Invalid JSON payload received. Unknown name "${name}" at '${path}': Cannot find field.`),
  apiKeyMissing: () => close(1007, 'API Key not found. Please pass a valid API key.'),
  apiKeyExpired: () => close(1007, 'API key expired. Please renew the API key.'),
  apiKeyInvalid: () => close(1007, 'API key not valid. Please pass a valid API key.'),
  /** A token where only a key is taken. */
  unregistered: () =>
    close(
      1008,
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
    ),
  tokenUsed: () => close(1011, 'Token has been used too many times'),
  tokenExpired: () => close(1011, 'Token has expired'),
  /** In the middle of a session. */
  tokenRanOut: () => close(1011, 'auth token has expired'),
  modality: (modalities: readonly string[], model: string) =>
    close(
      1007,
      `The requested combination of response modalities (${modalities.join(', ')}) is not supported by the model. ${model}`,
    ),
  mediaChunks: () =>
    close(1007, 'realtime_input.media_chunks is deprecated. Use audio, video, or text instead.'),
  unknownModel: (model: string, apiVersion: string) =>
    close(
      1008,
      `${model} is not found for API version ${apiVersion}, or is not supported for bidiGenerateContent. Call ListModels to see the list of available models and their supported methods.`,
    ),
  unknownPublisherModel: (model: string) =>
    close(
      1008,
      `Publisher Model \`${model}\` was not found or your project does not have access to it. Please ensure you are using a valid model version.`,
    ),
  unknownHandle: () => close(1008, 'Requested entity was not found'),
  /** While a tool runs and audio comes in, as was reported. */
  notImplemented: () => close(1008, 'Operation is not implemented, or supported, or enabled.'),
  aborted: () => close(1008, 'The operation was aborted.'),
  internal: () => close(1011, 'Internal error encountered.'),
  /** At the end of a connection, after `goAway`. */
  deadline: () => close(1011, 'Deadline expired before operation could complete.'),
  unavailable: () => close(1011, 'The service is currently unavailable.'),
  quota: () => close(1011, 'You exceeded your current quota, please check your plan and billing details.'),
};
