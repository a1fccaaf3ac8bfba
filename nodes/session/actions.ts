import type { ContextChange, LiveSession } from '../../src/live';
import type { LiveClientMessage } from '../../src/protocol';
import { describe, NodeError } from '../shared/errors';
import type { Message } from '../shared/types';
import type { Beginning, Conversation } from './conversation';

/** One entry of the table of actions (contracts, "Session node"). */
type Action = (conversation: Conversation, msg: Message) => Promise<void>;

const ACTIONS: Readonly<Record<string, Action>> = {
  connect: async (conversation, msg) => void (await conversation.wake(msg)),
  disconnect: (conversation) => conversation.disconnect(true),
  sleep: (conversation, msg) => conversation.sleep(msg),
  wake: async (conversation, msg) => void (await conversation.wake(msg)),
  'activity-start': (conversation, msg) => inOrder(conversation, msg, (session) => session.activityStart()),
  'activity-end': (conversation, msg) =>
    inOrder(conversation, msg, (session) => session.activityEnd(), 'as before'),
  'audio-end': (conversation, msg) =>
    inOrder(conversation, msg, (session) => session.audioStreamEnd(), 'as before'),
  interrupt: async (conversation) => conversation.session?.interrupt(),
  content: async (conversation, msg) => {
    const turns = turnsOf(msg.payload);
    (await conversation.connect(msg)).sendContent(turns, msg.turnComplete !== false);
  },
  say: async (conversation, msg) => {
    const text = wordsOf(msg.payload, 'say');
    const { priority } = msg as { priority?: unknown };
    (await conversation.connect(msg)).say(text, { priority: priority === true });
  },
  context: async (conversation, msg) => {
    const change = contextOf(msg.payload);
    await conversation.connect(msg, 'as before');
    await conversation.change(change);
  },
  played: async (conversation, msg) => {
    const ms = Number(msg.payload);
    const { turn } = msg;
    if (typeof msg.payload === 'boolean' || !Number.isFinite(ms) || ms < 0 || typeof turn !== 'number') {
      throw new NodeError(
        'BAD_PAYLOAD',
        `"played" needs the position in ms in msg.payload and the number of the turn in msg.turn, and got ${describe(msg.payload)} and ${describe(turn)}.`,
      );
    }
    conversation.session?.reportPlayed(ms, turn);
  },
  raw: async (conversation, msg) => {
    if (
      typeof msg.payload !== 'object' ||
      msg.payload === null ||
      Array.isArray(msg.payload) ||
      Buffer.isBuffer(msg.payload)
    ) {
      throw new NodeError(
        'BAD_PAYLOAD',
        `"raw" sends one client message as it is, e.g. {"realtimeInput": {"text": "Hello"}}, and got ${describe(msg.payload)}.`,
      );
    }
    (await conversation.connect(msg)).sendRaw(msg.payload as LiveClientMessage);
  },
};

/** Does what `msg.action` says. @throws NodeError `UNKNOWN_ACTION`, `BAD_PAYLOAD`; what keeps it from connecting */
export function act(name: unknown, conversation: Conversation, msg: Message): Promise<void> {
  const action = typeof name === 'string' && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action) return action(conversation, msg);
  throw new NodeError(
    'UNKNOWN_ACTION',
    `session does not know the action ${describe(name)}. It knows ${Object.keys(ACTIONS).join(', ')}; without an action the payload is sent.`,
  );
}

/** A mark does not wait for the connection: who presses a button speaks at once. */
async function inOrder(
  conversation: Conversation,
  msg: Message,
  mark: (session: LiveSession) => void,
  how?: Beginning,
): Promise<void> {
  const { session, ready } = await conversation.begin(msg, how);
  await conversation.uplink.enqueue(() => mark(session));
  await ready;
}

function wordsOf(payload: unknown, action: string): string {
  if (typeof payload === 'string' && payload.trim() !== '') return payload;
  throw new NodeError(
    'BAD_PAYLOAD',
    `"${action}" needs a text in msg.payload, and got ${describe(payload)}.`,
  );
}

/** `{instructions, tools}`, at least one of them; a text alone is new instructions. */
function contextOf(payload: unknown): ContextChange {
  if (typeof payload === 'string' && payload.trim() !== '') return { systemInstruction: payload };
  const { instructions, tools } = (payload ?? {}) as { instructions?: unknown; tools?: unknown };
  const goodText = instructions === undefined || typeof instructions === 'string';
  const goodTools =
    tools === undefined ||
    (Array.isArray(tools) && tools.every((tool) => typeof tool === 'object' && tool !== null));
  if (goodText && goodTools && (instructions !== undefined || tools !== undefined)) {
    return {
      ...(instructions !== undefined && { systemInstruction: instructions }),
      ...(tools !== undefined && { tools: tools as object[] }),
    };
  }
  throw new NodeError(
    'BAD_PAYLOAD',
    `"context" needs {instructions: "…", tools: [{functionDeclarations: […]}]} or one of the two, and got ${describe(payload)}.`,
  );
}

/** A text, one turn or several: `{role, parts: [{text}]}`. */
function turnsOf(payload: unknown): { role: string; parts: object[] }[] {
  if (typeof payload === 'string' && payload !== '') return [{ role: 'user', parts: [{ text: payload }] }];
  const turns: unknown[] = Array.isArray(payload) ? payload : [payload];
  const good = turns.every(
    (turn) => typeof turn === 'object' && turn !== null && Array.isArray((turn as { parts?: unknown }).parts),
  );
  if (good && turns.length) return turns as { role: string; parts: object[] }[];
  throw new NodeError(
    'BAD_PAYLOAD',
    `"content" needs turns like [{"role": "user", "parts": [{"text": "Hello"}]}], and got ${describe(payload)}.`,
  );
}
