import type { Refusal, TalkErrorCode } from './wire';

/** HTTP status, what happened, and what to do next, of everything that is refused. */
const REFUSALS: Record<TalkErrorCode, readonly [status: number, message: string, advice: string]> = {
  PIN_NEEDED: [
    401,
    'This browser is not paired with the page yet.',
    'Enter the six digits that Node-RED shows.',
  ],
  WRONG_PIN: [
    403,
    'That PIN is not right.',
    'Look at the six digits in Node-RED again: they may have changed.',
  ],
  TOO_MANY_ATTEMPTS: [
    429,
    'There were too many wrong PINs.',
    'Wait a minute, then enter the new PIN that Node-RED shows.',
  ],
  WRONG_ORIGIN: [
    403,
    'The request came from another site than this page.',
    'Open the page at its own address. Behind a reverse proxy, let it pass on the Host header with its port, or X-Forwarded-Host.',
  ],
  BAD_TOKEN: [401, 'The token is unknown, was used already, or is too old.', 'Load the page again.'],
  NO_SUCH_PAGE: [
    404,
    'There is no talk page of that name here.',
    'Compare the address with the page name in the nodes that use the browser.',
  ],
  FULL: [503, 'The page has as many clients as it may have.', 'Close it somewhere else, then try again.'],
  BAD_MESSAGE: [400, 'The server could not understand a message of this page.', 'Load the page again.'],
  TOO_FAST: [429, 'That was more than can be taken at once; some of it was dropped.', 'Wait a moment.'],
  TOO_LARGE: [413, 'That is too large.', 'Send something smaller.'],
  NOT_TAKEN: [
    409,
    'Nothing behind this page takes that.',
    'Wire a node that uses this page as its source to the session.',
  ],
  TOO_SLOW: [408, 'The connection did not keep up.', 'Check the network; the page connects again by itself.'],
  BAD_REQUEST: [400, 'The request makes no sense here.', 'Load the page again.'],
};

/** What is told when something is refused; `message` and `advice` may be given where more is known. */
export function refusal(code: TalkErrorCode, more: Partial<Refusal> = {}): Refusal {
  const [, message, advice] = REFUSALS[code];
  return { code, message, advice, ...more };
}

/** The HTTP status that goes with a refusal. */
export function statusOf(code: TalkErrorCode): number {
  return REFUSALS[code][0];
}
