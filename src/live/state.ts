import type { SessionState } from './events';

/**
 * The transitions that happen; there are no others. Each is told by one `state` event.
 *
 * ```text
 *           connect()                socket open          setupComplete
 *   idle ──────────────▶ connecting ────────────▶ setup ────────────────▶ ready
 *                         ▲      │                  │                     │   │ end announced, connection old,
 *                   pause │      │ it did not work  │            it broke │   │ or other context wanted
 *                    over │      ▼                  ▼                     │   ▼
 *                         └─ reconnecting ◀─────────┴─────────────────────┴─ handover
 *
 *   any ── nothing to be gained by trying again, or tried often enough ──▶ failed ── connect() ──▶ connecting
 *   any ── close() ──▶ closing ──▶ closed ── connect() ──▶ connecting
 *   ready, handover ── the service said goodbye ──▶ closed
 * ```
 *
 * `ready` and `handover` are usable; in `handover` the session looks for the moment at which changing the connection
 * disturbs nobody. In `reconnecting` the old socket is closed, or being closed: no new one opens before it is.
 */
export const TRANSITIONS: Readonly<Record<SessionState, readonly SessionState[]>> = {
  idle: ['connecting'],
  connecting: ['setup', 'reconnecting', 'failed', 'closing', 'closed'],
  setup: ['ready', 'reconnecting', 'failed', 'closing', 'closed'],
  ready: ['handover', 'reconnecting', 'failed', 'closing', 'closed'],
  handover: ['reconnecting', 'failed', 'closing', 'closed'],
  reconnecting: ['connecting', 'failed', 'closing', 'closed'],
  closing: ['closed'],
  closed: ['connecting'],
  failed: ['connecting'],
};
