import type { Frame } from '../protocol';

/** What a {@link FrameTap} learns when a socket opens. */
export interface TapOpened {
  /** Epoch ms. */
  at: number;
  /** As the session was given it, without the path of the wire. */
  model: string;
  /** Backend of the endpoint: `gemini`, `vertex`, `custom` or `local`. Never a URL: that may hold a credential. */
  endpoint: string;
  /** Id of the session object; the connections of one session share it. */
  session: string;
}

/** What a {@link FrameTap} learns when a socket that was open is closed. */
export interface TapClosed {
  /** WebSocket close code, 1006 when the connection broke. */
  code: number;
  /** Reason as the peer gave it, credentials taken out; empty when it gave none. */
  reason: string;
  by: 'client' | 'server';
}

/**
 * Listens on the wire of a session: every frame of every connection, setup included, in the order in which it was
 * handed to the socket or came from it. Connections follow each other, they never overlap: `opened`, frames, `closed`.
 * A connection that never opens is not told.
 *
 * It sees handles and whatever the user says, so what it keeps must be cleaned; credentials of the endpoint never pass
 * here. Called synchronously on the way of the audio: it must be quick. What it throws is caught and told as warning.
 */
export interface FrameTap {
  opened(info: TapOpened): void;
  /** The text of a frame that is handed to the socket. */
  sent(text: string): void;
  /** A frame as it came, before it is decoded; it must not be changed. */
  received(frame: Frame): void;
  closed(info: TapClosed): void;
}

/**
 * The same tap, but nothing it throws gets through: it is told once, and the tap is left out from then on.
 *
 * @param failed told what it threw.
 */
export function guardTap(tap: FrameTap, failed: (error: unknown) => void): FrameTap {
  let broken = false;
  const guard = (call: () => void): void => {
    if (broken) return;
    try {
      call();
    } catch (error) {
      broken = true;
      failed(error);
    }
  };
  return {
    opened: (info) => guard(() => tap.opened(info)),
    sent: (text) => guard(() => tap.sent(text)),
    received: (frame) => guard(() => tap.received(frame)),
    closed: (info) => guard(() => tap.closed(info)),
  };
}
