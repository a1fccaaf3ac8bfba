/**
 * What to do after a close: `done` nothing, `fatal` do not try again before something is changed, `retry` connect
 * again with the resumption handle, `fresh` connect again without it, `wait` connect again after a long pause.
 */
export type ClosePolicy = 'done' | 'fatal' | 'retry' | 'fresh' | 'wait';

/** A close in words. */
export interface CloseClass {
  policy: ClosePolicy;
  /** What happened, as a short sentence. */
  title: string;
  /** What the user can do. */
  advice: string;
}

interface Rule extends CloseClass {
  /** WebSocket close codes, or HTTP statuses of a refused upgrade; absent: any. */
  codes?: number[];
  /** Pattern of the reason; absent: any. */
  reason?: RegExp;
  /** Only for closes before `setupComplete`. */
  inSetup?: true;
}

const AGAIN = 'Connecting again usually helps.';

/**
 * The first rule that fits counts. Reasons come first, because the service's codes do not tell causes apart: a bad
 * key is 1007, a used-up quota 1011. The reasons are those of recorded and reported closes.
 */
const RULES: readonly Rule[] = [
  {
    // "Proxy host:port …" is how our own tunnel begins its errors.
    reason: /^Proxy \S+ .* HTTP status 407/,
    policy: 'fatal',
    title: 'The proxy wants a user name and password, or other ones',
    advice:
      'Give them in its address, http://user:password@host:port, with special characters percent-encoded.',
  },
  {
    reason: /^Proxy \S+ .* HTTP status 5\d\d/,
    policy: 'retry',
    title: 'The proxy could not reach the service',
    advice: 'Check the network behind the proxy, and the address of the endpoint.',
  },
  {
    reason: /^Proxy \S+ refused/,
    policy: 'fatal',
    title: 'The proxy does not let this connection through',
    advice: 'Allow the host in the proxy, or name it in NO_PROXY if it can be reached without one.',
  },
  {
    reason: /^Proxy \S+ (did not|cannot be reached: (?!.*(certificate|self.signed|SSL)))/,
    policy: 'retry',
    title: 'The proxy does not answer',
    advice: 'Check the address of the proxy and that it runs.',
  },
  {
    reason: /quota|rate.?limit|RESOURCE_EXHAUSTED|too many requests/i,
    policy: 'wait',
    title: 'The quota is used up',
    advice: 'Wait, use fewer sessions at once, or raise the quota of the project.',
  },
  {
    reason:
      /api[ _]key|pass a valid API key|leaked|token has (been used|expired)|UNAUTHENTICATED|invalid authentication credentials/i,
    policy: 'fatal',
    title: 'The service refused the API key or token',
    advice: 'Check the key: it may be expired, mistyped, or for another service.',
  },
  {
    reason: /billing/i,
    policy: 'fatal',
    title: 'The project has no billing account for this',
    advice: 'Enable billing for the Google Cloud project, or use another key.',
  },
  {
    reason: /not found for API version|not supported for bidiGenerateContent|Publisher Model/i,
    policy: 'fatal',
    title: 'The model does not exist here or cannot hold live conversations',
    advice: 'Check the name of the model, the API version, and on Vertex AI the project and location.',
  },
  {
    inSetup: true,
    reason: /Cannot find field|Invalid JSON payload|Invalid value at/i,
    policy: 'fatal',
    title: 'The service does not know a field of the configuration',
    advice: 'Remove the named field, or choose the API version and model that have it.',
  },
  {
    reason: /response modalities|extract voices/i,
    policy: 'fatal',
    title: 'The model does not answer in this modality',
    advice: 'Use response modality AUDIO, with output transcription for the text.',
  },
  {
    reason: /media_chunks is deprecated/i,
    policy: 'fatal',
    title: 'The model does not take media chunks',
    advice: 'Send audio, video or text as a field of its own.',
  },
  {
    codes: [1008],
    reason: /not implemented, or supported|operation was aborted|entity was not found/i,
    policy: 'fresh',
    title: 'The service ended the session and will not resume it',
    advice: 'A new session is needed; what was said before must be told again.',
  },
  {
    reason: /deadline expired/i,
    policy: 'retry',
    title: 'The connection reached its time limit (about ten minutes)',
    advice: 'Connect again with session resumption, and the conversation goes on.',
  },
  { codes: [1011], policy: 'retry', title: 'The service had an internal error', advice: AGAIN },
  {
    reason: /ECONNREFUSED/,
    policy: 'retry',
    title: 'Nothing listens at the address of the endpoint',
    advice: 'Check host and port, and that the server runs.',
  },
  {
    reason: /ENOTFOUND|EAI_AGAIN/,
    policy: 'retry',
    title: 'The host name of the endpoint cannot be resolved',
    advice: 'Check the name, the DNS server and the network connection.',
  },
  {
    reason: /certificate|self.signed|SSL routines/i,
    policy: 'fatal',
    title: 'The TLS connection to the endpoint cannot be trusted',
    advice:
      'Where a server or proxy has a certificate of your own authority, give the certificate of that authority (PEM) as CA. Check also the host name and the clock of this machine.',
  },
  {
    codes: [1000],
    policy: 'done',
    title: 'The service ended the conversation',
    advice: 'Connect again to talk on.',
  },
  {
    codes: [1007],
    inSetup: true,
    policy: 'fatal',
    title: 'The service refused the configuration',
    advice: 'Remove what this model may not accept, beginning with the newest change.',
  },
  {
    codes: [1007],
    policy: 'fresh',
    title: 'The service refused a message',
    advice: 'The model may not accept this kind of message now; a new session is needed.',
  },
  {
    codes: [1008],
    inSetup: true,
    policy: 'fatal',
    title: 'The service refused the session',
    advice: 'Check model, permissions and billing of the project.',
  },
  {
    // It was accepted before: if something is wrong with model or project, the next setup is told so.
    codes: [1008],
    policy: 'fresh',
    title: 'The service ended the session',
    advice: 'A new session is needed; what was said before must be told again.',
  },
  {
    codes: [1009],
    policy: 'fresh',
    title: 'A message was too large',
    advice: 'Send smaller pictures or shorter pieces of audio.',
  },
  { codes: [1002, 1003], policy: 'fresh', title: 'The two sides misunderstood each other', advice: AGAIN },
  { codes: [1001, 1012], policy: 'retry', title: 'The server is going away', advice: AGAIN },
  { codes: [1013], policy: 'retry', title: 'The server is overloaded', advice: AGAIN },
  {
    codes: [1006],
    policy: 'retry',
    title: 'The connection was lost',
    advice: 'Check the network; connect again.',
  },
  {
    codes: [401, 403],
    policy: 'fatal',
    title: 'The service refused the credential',
    advice: 'Check key or token and that it may use the Live API.',
  },
  {
    codes: [404],
    policy: 'fatal',
    title: 'There is no Live service at this address',
    advice: 'Check URL and API version of the endpoint.',
  },
  {
    codes: [400],
    policy: 'fatal',
    title: 'The service refused the connection',
    advice: 'Check URL, key and API version of the endpoint.',
  },
  {
    codes: [409, 429],
    policy: 'wait',
    title: 'Too many connections or requests',
    advice: 'Wait before connecting again; close sessions that are not needed.',
  },
];

/**
 * Tells what a close means.
 *
 * @param code WebSocket close code, or the HTTP status with which the upgrade was refused.
 * @param reason the close reason, error text, or HTTP body.
 * @param options.inSetup true when it happened before `setupComplete`: then 1007 is about the configuration.
 */
export function classifyClose(
  code: number,
  reason: string | undefined,
  options: { inSetup?: boolean } = {},
): CloseClass {
  const rule = RULES.find(
    ({ codes, reason: pattern, inSetup }) =>
      (!codes || codes.includes(code)) &&
      (!pattern || pattern.test(reason ?? '')) &&
      (!inSetup || options.inSetup),
  );
  if (rule) return { policy: rule.policy, title: rule.title, advice: rule.advice };
  if (code >= 300 && code < 600) {
    return code >= 500
      ? { policy: 'retry', title: `The server answered with HTTP status ${code}`, advice: AGAIN }
      : {
          policy: 'fatal',
          title: `The server answered with HTTP status ${code} instead of opening a conversation`,
          advice: 'Check URL and credentials of the endpoint.',
        };
  }
  return { policy: 'retry', title: `The connection was closed with code ${code}`, advice: AGAIN };
}
