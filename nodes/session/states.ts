import type { LiveSession } from '../../src/live';
import type { Endpoint } from '../config/endpoint';
import { codeText, type StatusLine } from '../shared/status';

/** Shows under the node how a session stands: where it is connected, what it waits for, why it ended. */
export function showStates(session: LiveSession, status: StatusLine, label: Endpoint['label']): void {
  /** The session was ready before: what follows is no first attempt. */
  let wasReady = false;
  /** Why it is over, where something better is known than that it is. */
  let end = '';
  const standing = (): void => {
    if (session.state === 'ready') status.show('ok', label);
    else if (session.state === 'handover') status.show('ok', 'handover');
    else if (wasReady) status.show('waiting', 'reconnecting');
    else status.show('waiting', label);
  };
  session.on('state', ({ to }) => {
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
  session.on('cost-limit', ({ level }) => {
    if (level === 'reached') end = 'costLimit';
  });
  session.on('error', (event) => status.show('failed', 'failed', codeText(event)));
}
