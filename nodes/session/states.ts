import type { LiveSession } from '../../src/live';
import type { Endpoint } from '../config/endpoint';
import { codeText, type StatusLine } from '../shared/status';

/** How often a sleeping session tells what its sleep has saved so far (ms). */
const SAVED_EVERY_MS = 60_000;

/**
 * Shows under the node how a session stands: where it is connected, what it waits for, whether it sleeps and what that has
 * saved, why it ended.
 */
export function showStates(
  session: LiveSession,
  status: StatusLine,
  label: Endpoint['label'],
  savedEveryMs = SAVED_EVERY_MS,
): void {
  /** The session was ready before: what follows is no first attempt. */
  let wasReady = false;
  /** Why it is over, where something better is known than that it is. */
  let end = '';
  /** The button of push to talk is held. */
  let held = false;
  /** The service that should listen for wake words is away. */
  let deaf = false;
  let saved: NodeJS.Timeout | undefined;
  const standing = (): void => {
    if (held) status.show('busy', 'listening');
    else if (session.state === 'asleep') asleep();
    else if (session.state === 'ready') status.show('ok', label);
    else if (session.state === 'handover') status.show('ok', 'handover');
    else if (wasReady) status.show('waiting', 'reconnecting');
    else status.show('waiting', label);
  };
  const asleep = (): void => {
    // Waking is a beginning, and not a connection that was lost.
    wasReady = false;
    const tokens = session.stats.sleep.savedTokens;
    if (deaf) status.show('failed', 'deaf');
    else if (tokens < 1000) status.show('quiet', 'asleep');
    else status.show('quiet', 'asleepSaved', shortNumber(tokens));
  };
  session.on('state', ({ to }) => {
    clearInterval(saved);
    if (to === 'connecting') deaf = false;
    if (to === 'asleep') saved = setInterval(standing, savedEveryMs).unref();
    if (to === 'ready') wasReady = true;
    if (to === 'closed') status.show(end ? 'failed' : 'quiet', end || label);
    else if (to !== 'failed' && to !== 'closing') standing();
  });
  session.on('waiting', ({ for: what, ms }) => {
    if (ms === 0) standing();
    else if (ms === undefined) status.show('waiting', 'waitingOpen');
    else status.show('waiting', what === 'reconnect' ? 'again' : 'waitingFor', String(Math.ceil(ms / 1000)));
  });
  session.on('audio', () => status.show('busy', label));
  session.on('turn', () => standing());
  session.on('activity', ({ type, by }) => {
    if (by !== 'push-to-talk') return;
    // Who has pressed the button must see it: another press ends it.
    held = type === 'speech-start';
    standing();
  });
  session.on('warning', ({ code }) => {
    if (code !== 'WAKE_WORD_FAILED' && code !== 'WAKE_WORD_BACK') return;
    deaf = code === 'WAKE_WORD_FAILED';
    standing();
  });
  session.on('cost-limit', ({ level }) => {
    if (level === 'reached') end = 'costLimit';
  });
  session.on('error', (event) => status.show('failed', 'failed', codeText(event)));
}

/** In as few letters as can be: 12k, 3.4M. */
function shortNumber(value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 2 }).format(value);
}
