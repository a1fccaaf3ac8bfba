/**
 * What the talk page and its server say to each other. Both sides import this file, so it knows neither Node.js nor the DOM.
 *
 * The page lives at `<base>/<page>` (no slash at the end), so in the browser every address is relative to it:
 *
 * | address | what |
 * |---|---|
 * | `<page>/token` | GET → {@link TokenReply}; 401 `PIN_NEEDED`, 403, 503 `FULL` as {@link Refusal} |
 * | `pair` | POST {@link PairRequest} as JSON → 204 and a cookie; 403 `WRONG_PIN`, 429 `TOO_MANY_ATTEMPTS` as {@link Refusal} |
 * | `<page>/socket` | WebSocket, sub-protocols `[SUBPROTOCOL, token]` |
 * | `<page>/manifest.webmanifest` | of this page: its name and where it starts |
 * | `sw.js`, `assets/<file>` | the files of the page |
 *
 * The page's files lie in one flat folder: `index.html`, `sw.js`, `manifest.webmanifest` (everything but `name`, `short_name`,
 * `id`, `start_url` and `scope`, which the server fills in; addresses in it are relative to `<page>/`, so `../assets/icon.svg`),
 * all else is an asset. They are served with a Content-Security-Policy that allows scripts, styles and connections of this very
 * origin and images also as `blob:` and `data:`, and nothing that stands inline in the HTML.
 *
 * Text frames hold one JSON object with `type`; binary frames are `kind` (1 byte), `stream` (uint32, little endian), payload.
 */

/** Sub-protocol of the WebSocket; the token stands beside it, because a browser can set no header. */
export const SUBPROTOCOL = 'gemini-live-talk';

/** Bytes before the payload of a binary frame. */
export const FRAME_HEADER = 5;

/** Kinds of binary frames from the page. */
export const FromClient = {
  /** PCM16 mono 16 kHz, 20–40 ms; `stream` is 0. */
  microphone: 1,
  /** One JPEG image of camera or screen; `stream` is 0. */
  picture: 2,
  /** The next piece of the file that was announced by `file`; `stream` is 0. */
  file: 3,
} as const;

/** Kinds of binary frames to the page. */
export const FromServer = {
  /** PCM16 mono at the rate told by `audio`; `stream` is the one named there. */
  answer: 1,
  /** One JPEG image: what the model sees, when it did not come from this client; `stream` is 0. */
  picture: 2,
} as const;

/** Sample rate of the microphone, Hz. */
export const MICROPHONE_RATE = 16_000;

/** How the talk button works: held down, pressed to start and stop, or always listening. */
export type TalkMode = 'press' | 'hold' | 'hands-free';

/** What the page sends as text. */
export type ClientMessage =
  /**
   * First of all, within ten seconds. `client`: a random text that this tab keeps, so that after a lost connection its new
   * socket takes the place of the old one. `have` after a reconnect: the stream it still plays and how much of it it has got
   * (ms from its start): the rest follows from there. Who was talking asks again.
   */
  | { type: 'hello'; name?: string; client?: string; have?: { stream: number; ms: number } }
  /** The person begins (asks for the floor) or stops talking. Sound is listened to only in between. */
  | { type: 'talk'; on: boolean; mode: TalkMode }
  /** Typed. */
  | { type: 'text'; text: string }
  /** How far a stream was heard, ms from its start; every 100 ms or so, and once more on `flush` and when it is over. */
  | { type: 'played'; stream: number; ms: number }
  /** A recorded file follows in binary frames, `bytes` in all; then `file-end`. */
  | { type: 'file'; mime: string; name: string; bytes: number }
  | { type: 'file-end' }
  /** What the pictures are of, from now on. */
  | { type: 'video'; source: 'camera' | 'screen' | 'off' }
  /** Stop the answer. */
  | { type: 'stop' };

/** What a conversation is doing, for a page that colours it; what is shown in words comes with it. */
export type TalkState =
  /** There is no conversation behind the page. */
  | 'off'
  | 'connecting'
  /** It may be talked to. */
  | 'ready'
  /** It hears somebody. */
  | 'listening'
  /** The answer is being made, or a function runs. */
  | 'thinking'
  | 'speaking'
  | 'reconnecting'
  | 'asleep'
  | 'failed';

/** Who may talk, as seen by the client that is told: see the rule at `TalkPage`. */
export type FloorHolder = 'you' | 'other' | 'nobody';

/** What the server sends as text. */
export type ServerMessage =
  /** Answer to `hello`. What follows at once brings the page up to date: state, texts, tools, muted, and what is playing. */
  | { type: 'welcome'; page: string; clients: number; floor: FloorHolder }
  /** Somebody came or went. */
  | { type: 'clients'; clients: number }
  /** `words`: for people, complete. */
  | { type: 'state'; state: TalkState; words: string }
  /** The whole text of that role in that turn so far: a later one with the same `role` and `turn` takes its place. */
  | { type: 'text'; role: 'user' | 'model' | 'thought'; text: string; final: boolean; turn: number }
  /** A function call; a later one with the same `id` takes its place. `outcome` and `ms` once it is answered. */
  | {
      type: 'tool';
      id: string;
      name: string;
      args?: Record<string, unknown>;
      outcome?: 'ok' | 'error' | 'cancelled';
      ms?: number;
    }
  /** An answer begins; its binary frames begin at `at` ms of the stream (0 unless one came in the middle, or has the rest). */
  | { type: 'audio'; stream: number; rate: number; at: number }
  /** Everything of the stream was sent. */
  | { type: 'end'; stream: number }
  /** Nothing of the stream may be heard any more: be silent now, and say with `played` how far it got. */
  | { type: 'flush'; stream: number }
  /**
   * `name`: of the other one, if it has one. `waiting`: you asked, and get the floor when it is free. Neither `you` nor
   * `waiting`: what you asked for is over (you sent no sound for seconds while others waited); ask again with `talk`.
   */
  | { type: 'floor'; who: FloorHolder; name?: string; waiting: boolean }
  /** Whose camera or screen is looked at: that of the client which switched its own on last. */
  | { type: 'video'; who: FloorHolder }
  /** The model was shown a picture at that time (epoch ms). `you`: it was the one this client sent last; else it follows. */
  | { type: 'picture'; from: 'you' | 'elsewhere'; at: number }
  /** Whether the microphone is switched off at the other end: nothing of it is listened to. */
  | { type: 'muted'; muted: boolean }
  /** For people: what happened, and what to do next. After one with `final` the server closes the socket. */
  | { type: 'error'; code: TalkErrorCode; message: string; advice: string; final?: boolean };

/** Why something was refused. */
export type TalkErrorCode =
  /** A PIN is asked for: this browser was not paired yet. */
  | 'PIN_NEEDED'
  | 'WRONG_PIN'
  /** Too many wrong PINs; `retryMs` says when to try again. */
  | 'TOO_MANY_ATTEMPTS'
  /** The request came from another site. */
  | 'WRONG_ORIGIN'
  /** The token is unknown, used or too old: get a new one. */
  | 'BAD_TOKEN'
  | 'NO_SUCH_PAGE'
  /** The page has as many clients as it may have. */
  | 'FULL'
  /** A message that fits nothing. */
  | 'BAD_MESSAGE'
  /** More messages or bytes than anybody needs. */
  | 'TOO_FAST'
  | 'TOO_LARGE'
  /** Nobody at the other end takes typed text, or recorded files. */
  | 'NOT_TAKEN'
  /** The client did not answer, or not read, for too long. */
  | 'TOO_SLOW'
  /** The request is wrong in another way. */
  | 'BAD_REQUEST';

/** Reply of `<page>/token`: good for one socket, within that time. */
export interface TokenReply {
  token: string;
  expiresMs: number;
}

/** Body of `pair`: six digits. */
export interface PairRequest {
  pin: string;
}

/** Body of every reply that refuses. */
export interface Refusal {
  code: TalkErrorCode;
  message: string;
  advice: string;
  retryMs?: number;
}

/** Codes with which the server closes a socket; all but `policy` and `tooLarge` are worth a new attempt. */
export const Close = {
  /** The server goes away (a deploy, a restart): come back soon. */
  goingAway: 1001,
  /** It did not read what it was sent: the network may be better soon. */
  tooSlow: 1013,
  /** It broke a rule (`error` said which). */
  policy: 1008,
  /** A message was too large. */
  tooLarge: 1009,
} as const;

/** Writes a binary frame. */
export function encodeFrame(kind: number, stream: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, kind);
  view.setUint32(1, stream, true);
  frame.set(payload, FRAME_HEADER);
  return frame;
}

/** Reads a binary frame; the payload shares its memory. Undefined when it is too short to be one. */
export function decodeFrame(
  frame: Uint8Array,
): { kind: number; stream: number; payload: Uint8Array } | undefined {
  if (frame.length < FRAME_HEADER) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return { kind: view.getUint8(0), stream: view.getUint32(1, true), payload: frame.subarray(FRAME_HEADER) };
}
