import type { LiveClientMessage, LiveServerMessage } from '../../src/protocol';
import type { JournalEntry } from '../../src/server';

/** Both sides of a conversation as the service remembers it. */
export interface Story {
  received: LiveClientMessage[];
  sent: LiveServerMessage[];
}

/**
 * What a conversation is made of at the end of a connection: everything of that connection, and before it that of the
 * connection whose handle it took up, as far as that handle reaches. What came after the handle happened in vain.
 */
export function storyOf(connection: number, journal: readonly JournalEntry[]): Story {
  const own = sidesOf(connection, journal);
  const [setup, ...received] = own.received;
  const handle = setup?.setup?.sessionResumption?.handle;
  if (!handle) return { received, sent: own.sent };
  const at = journal.findIndex(
    (entry) => entry.kind === 'sent' && entry.message.sessionResumptionUpdate?.newHandle === handle,
  );
  const giver = journal[at];
  if (giver?.kind !== 'sent') throw new Error(`Nobody gave the handle ${handle}`);
  const before = storyOf(giver.connection, journal);
  const all = sidesOf(giver.connection, journal);
  const known = sidesOf(giver.connection, journal.slice(0, at + 1));
  // Without an index a handle stands for all that was received when it was given; the setup is no message.
  const index = giver.message.sessionResumptionUpdate?.lastConsumedClientMessageIndex;
  const consumed = index === undefined ? known.received.length - 1 : Number(index);
  return {
    received: [
      ...before.received.slice(0, before.received.length - (all.received.length - 1) + consumed),
      ...received,
    ],
    sent: [...before.sent.slice(0, before.sent.length - all.sent.length + known.sent.length), ...own.sent],
  };
}

function sidesOf(connection: number, journal: readonly JournalEntry[]): Story {
  const own = journal.filter((entry) => entry.connection === connection);
  return {
    received: own.flatMap((entry) => (entry.kind === 'received' ? [entry.message] : [])),
    sent: own.flatMap((entry) => (entry.kind === 'sent' ? [entry.message] : [])),
  };
}
