import type { ContextChange, LiveSession, ToolOutcome, ToolPolicy } from '../../src/live';
import type { FunctionResponse } from '../../src/protocol';
import type { ToolRegistry } from '../shared/registry';

/** Tools as a configuration holds them. */
export type Tools = NonNullable<ContextChange['tools']>;

/** An answer that is on its way. */
interface Waiting {
  session: LiveSession;
  id: string;
  done(outcome: ToolOutcome): void;
}

/** What a cancellation makes of an answer that is on its way. */
const CANCELLED = { service: 'cancelled', timeout: 'late', lost: 'lost' } as const;

/** What a session node has to do with the functions that other nodes declare. */
export class SessionTools {
  readonly #waiting = new Set<Waiting>();

  /** @param id id of the session node */
  constructor(
    private readonly registry: ToolRegistry,
    private readonly id: string,
  ) {}

  /** How the functions that nodes declare are answered. */
  get policy(): ToolPolicy {
    return { functions: this.registry.offer(this.id).policies };
  }

  /** These tools, with what nodes declare: it stands last. */
  with(others: Tools): Tools {
    const { functions } = this.registry.offer(this.id);
    return functions.length ? [...others, { functionDeclarations: functions }] : others;
  }

  /** Brings the calls of a session to the nodes that declared the functions, and follows what becomes of answers. */
  attach(session: LiveSession): void {
    session.on('tool-call', ({ id, name, args, turn, conversation, blocking, refused }) => {
      // A function that no node declared stands in the raw JSON: the flow may answer it by the event.
      if (refused) return;
      // The event is a message as well, with which the flow may do what it likes.
      const call = { id, name, args: structuredClone(args), turn, conversation, blocking };
      this.registry.deliver({ ...call, session: this.id });
    });
    session.on('tool-cancel', ({ ids, calls, reason }) => {
      for (const id of ids) this.#settle(session, CANCELLED[reason], id);
      this.registry.cancel(
        calls.map((call) => ({ ...call, session: this.id })),
        reason,
      );
    });
    session.on('tool-result', ({ id, outcome, by }) => {
      // Refusals are told at once: later ones are those of other answers to the same call.
      if (by === 'client' && (outcome === 'sent' || outcome === 'cancelled' || outcome === 'lost'))
        this.#settle(session, outcome, id);
    });
    session.on('state', ({ to }) => {
      if (to === 'closed' || to === 'failed') this.#settle(session, 'lost');
    });
  }

  /**
   * Gives a session the answer to a call. Resolves when it is sent, or it is clear that it never will be.
   *
   * @throws LiveError (as rejection) `BAD_INPUT`, `QUEUE_FULL`
   */
  answer(session: LiveSession, response: FunctionResponse): Promise<ToolOutcome> {
    return new Promise((resolve, reject) => {
      const { id = '' } = response;
      let atOnce: ToolOutcome | undefined;
      const listener = (result: { id: string; outcome: ToolOutcome }): void => {
        if (result.id === id) atOnce ??= result.outcome;
      };
      session.on('tool-result', listener);
      try {
        session.respond(response);
        if (atOnce) resolve(atOnce);
        else this.#waiting.add({ session, id, done: resolve });
      } catch (error) {
        reject(error as Error);
      } finally {
        session.off('tool-result', listener);
      }
    });
  }

  /** @param id one call; absent: all of the session */
  #settle(session: LiveSession, outcome: ToolOutcome, id?: string): void {
    for (const waiting of [...this.#waiting]) {
      if (waiting.session !== session || (id !== undefined && waiting.id !== id)) continue;
      this.#waiting.delete(waiting);
      waiting.done(outcome);
      // One answer to a call is on its way at a time.
      if (id !== undefined) return;
    }
  }
}
