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
 *   any ── sleep() ──▶ closing ──▶ asleep ── speech, a message or wake() ──▶ connecting
 * ```
 *
 * `ready` and `handover` are usable; in `handover` the session looks for the moment at which changing the connection
 * disturbs nobody. In `reconnecting` the old socket is closed, or being closed: no new one opens before it is.
 * In `asleep` there is no connection, and this machine listens. Where there is none to be closed, `closing` is left out.
 */
export const TRANSITIONS: Readonly<Record<SessionState, readonly SessionState[]>> = {
  idle: ['connecting', 'asleep'],
  connecting: ['setup', 'reconnecting', 'failed', 'closing', 'asleep', 'closed'],
  setup: ['ready', 'reconnecting', 'failed', 'closing', 'closed'],
  ready: ['handover', 'reconnecting', 'failed', 'closing', 'closed'],
  handover: ['reconnecting', 'failed', 'closing', 'closed'],
  reconnecting: ['connecting', 'failed', 'closing', 'asleep', 'closed'],
  closing: ['asleep', 'closed'],
  asleep: ['connecting', 'closed'],
  closed: ['connecting', 'asleep'],
  failed: ['connecting', 'asleep'],
};
