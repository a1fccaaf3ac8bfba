import type { LiveEvents, LiveSession } from '../../src/live';
import type { Hearing, LocalLiveServer } from '../../src/server';
import type { Message } from '../shared/types';

/** How the local server heard the user; part of the `turn` event. */
export type Heard = Pick<Hearing, 'text' | 'recognizer' | 'score' | 'accepted'>;

/** What becomes of the events of a session. */
export interface OutputOptions {
  /** Sends on the three ports: audio, text, events. */
  send(messages: [Message | null, Message | null, Message | null]): void;
  /** `msg.topic` of the input that opened the conversation. */
  topic(): string | undefined;
  /** Also send pieces of texts. */
  partial: boolean;
  /** How the local server heard the last words. */
  takeHearing(): Heard | undefined;
}

/** Events that go to port 3 as they are. */
const EVENTS = [
  'state',
  'turn',
  'interrupted',
  'tool-call',
  'tool-cancel',
  'tool-result',
  'usage',
  'cost-limit',
  'waiting',
  'asleep',
  'awake',
  'go-away',
  'resumption',
  'restored',
  'grounding',
  'code',
  'activity',
  'level',
  'watch',
  'warning',
  'error',
  'unknown',
] as const;

/** Turns the events of a session into messages on the three ports (contracts, "Session node"). */
export function forward(session: LiveSession, options: OutputOptions): void {
  const stamp = (message: Message): Message => {
    const topic = options.topic();
    return topic === undefined ? message : { topic, ...message };
  };
  session.on('audio', ({ handle, turn, conversation }) => {
    options.send([stamp({ payload: handle, turn, conversation }), null, null]);
  });
  session.on('text', ({ text, role, final, turn, conversation }) => {
    if (!final && !options.partial) return;
    options.send([null, stamp({ payload: text, role, final, turn, conversation }), null]);
  });
  for (const event of EVENTS) {
    session.on(event, (details: LiveEvents[typeof event][0]) => {
      const { turn, conversation } = details as { turn?: number; conversation: string };
      const hearing = event === 'turn' ? options.takeHearing() : undefined;
      const payload = hearing ? { ...details, hearing } : details;
      options.send([
        null,
        null,
        stamp({ payload, event, ...(turn !== undefined && { turn }), conversation }),
      ]);
    });
  }
}

/** Keeps what the local server says it heard of one session. */
export class HearingAid {
  #last: Heard | undefined;

  /** @returns ends it */
  attach(server: LocalLiveServer | undefined, sessionId: string): () => void {
    if (!server) return () => {};
    const listener = (event: Hearing & { session?: string }): void => {
      if (event.session !== sessionId) return;
      const { text, recognizer, score, accepted } = event;
      this.#last = { text, recognizer, score, accepted };
    };
    server.on('heard', listener);
    return () => server.off('heard', listener);
  }

  take(): Heard | undefined {
    const last = this.#last;
    this.#last = undefined;
    return last;
  }
}
