import type { SessionState } from './events';

/** The transitions that happen; there are no others. */
export const TRANSITIONS: Readonly<Record<SessionState, readonly SessionState[]>> = {
  idle: ['connecting'],
  connecting: ['setup', 'failed', 'closing', 'closed'],
  // Back to connecting: the service refused the resumption handle, and a fresh session is tried.
  setup: ['ready', 'connecting', 'failed', 'closing'],
  ready: ['closed', 'failed', 'closing'],
  closing: ['closed'],
  closed: ['connecting'],
  failed: ['connecting'],
};
