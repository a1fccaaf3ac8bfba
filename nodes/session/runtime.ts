import { looksLikeJpeg, PCM_16K, type MediaHandle } from '../../src/media';
import type { ConfigNode } from '../config/runtime';
import { holdCalls } from '../shared/calls';
import { asError, describe, NodeError, report } from '../shared/errors';
import { afterDeployOnce, onClose, onInput } from '../shared/lifecycle';
import { isImage, mediaOf, pcmOf, type Arrived } from '../shared/payload';
import { codeText, StatusLine } from '../shared/status';
import type { Message, Red, RedNode } from '../shared/types';
import { textOf, userDir } from '../shared/values';
import { act } from './actions';
import { Conversation } from './conversation';
import { optionsOf, type SessionDef } from './fields';
import { Memory } from './memory';
import { Pages } from './pages';
import { serveTalkButton } from './talk-button';

/** Says to the conversation what a message means: an action, or else what its payload is. */
async function dispatch(conversation: Conversation, msg: Message): Promise<void> {
  if (msg.action !== undefined && msg.action !== '') return act(msg.action, conversation, msg);
  const arrived = mediaOf(msg);
  if (arrived) return isImage(arrived) ? show(conversation, arrived, msg) : hear(conversation, arrived, msg);
  if (typeof msg.payload === 'string' && msg.payload.trim() !== '') {
    (await conversation.connect(msg)).sendText(msg.payload);
    return;
  }
  throw new NodeError(
    'BAD_PAYLOAD',
    `session cannot use ${describe(msg.payload)}. Send text, the output of an audio-in node, a Buffer or stream with msg.format, or an action in msg.action.`,
  );
}

/** Live audio is listened to from now on; anything else is sent to its end. */
async function hear(conversation: Conversation, arrived: Arrived, msg: Message): Promise<void> {
  const { handle, made } = pcmOf(arrived, { output: PCM_16K });
  if (arrived.kind === 'handle' && arrived.handle.policy === 'drop-oldest') {
    // Who presses a button in a browser speaks at once: the session keeps it until it is connected.
    const now = handle.meta.page !== undefined;
    const { ready } = await conversation.begin(msg, 'as before');
    if (now) conversation.uplink.listen(handle);
    await ready;
    if (!now) conversation.uplink.listen(handle);
    return;
  }
  const { ready } = await conversation.begin(msg);
  // It takes its place among marks and other files at once.
  const sending = conversation.uplink.send(handle).catch((error: unknown) => {
    // A stream that was made elsewhere is reported where it was made.
    if (made) throw error;
  });
  await Promise.all([ready, sending]);
}

async function show(conversation: Conversation, arrived: Arrived, msg: Message): Promise<void> {
  const session = await conversation.connect(msg, 'as before');
  if (arrived.kind === 'buffer') {
    if (!looksLikeJpeg(arrived.buffer)) {
      throw new NodeError(
        'BAD_PAYLOAD',
        `Pictures must be JPEG, and the payload is ${describe(arrived.buffer)} that does not begin like one.`,
      );
    }
    session.video.write(arrived.buffer);
    conversation.news.show(arrived.buffer);
    return;
  }
  if (arrived.kind === 'stream') {
    throw new NodeError(
      'BAD_PAYLOAD',
      'A raw stream of pictures has no marks between them. Send each picture as a Buffer.',
    );
  }
  watch(conversation, arrived.handle);
}

/** The newest picture of all sources wins; the session keeps only that. */
function watch(conversation: Conversation, handle: MediaHandle): void {
  const forward = async (): Promise<void> => {
    for await (const frame of handle) {
      conversation.session?.video.write(frame);
      conversation.news.show(frame);
    }
  };
  conversation.sights.add(handle);
  forward()
    .catch(() => {}) // a camera that breaks is reported by the node that owns it
    .finally(() => conversation.sights.delete(handle));
}

/** Conversations that have begun, by id of their node. */
const conversations = new Map<string, Conversation>();

/** `gemini-live-session`: one conversation. */
export default function (RED: Red): void {
  function GeminiLiveSession(this: RedNode, def: SessionDef): void {
    RED.nodes.createNode(this, def);
    const status = new StatusLine(RED, this);
    let conversation: Conversation | undefined;
    const pages = new Pages(RED, this, () => talk());
    const talk = (): Conversation => {
      if (conversation) return conversation;
      const config = RED.nodes.getNode(def.config) as ConfigNode | null;
      if (!config?.live) {
        throw new NodeError(
          'NO_CONFIG',
          'This session has no config node, or it is disabled. Choose one in the dialog.',
        );
      }
      const memory = new Memory(RED, this, config.live.identity, textOf(def.store) ?? '');
      const options = optionsOf(def, this, userDir(RED));
      conversation = new Conversation(this, config.live, memory, status, options, pages.news);
      conversations.set(this.id, conversation);
      return conversation;
    };
    const letGo = holdCalls(this.id, {
      config: def.config,
      answer: async (response) => talk().answer(response),
    });
    // Constructors run in no useful order: only after the deploy is the config node sure to exist.
    const unsubscribe = afterDeployOnce(RED, () => {
      try {
        const ready = talk();
        if (def.connect !== 'deploy') return;
        ready.connect({}, 'as before').catch((error: unknown) => {
          // A deploy in the middle of it is no failure.
          if (!ready.closed) report(this, error);
        });
      } catch (error) {
        status.show('failed', 'failed', codeText(error));
      }
    });
    onInput(this, async (msg) => {
      const talking = talk();
      const work = async (): Promise<void> => {
        if (pages.take(msg)) await pages.marked;
        await dispatch(talking, msg);
      };
      await work().catch((error: unknown) => {
        // A deploy in the middle of it is no failure.
        if (talking.closed) return;
        pages.news.failed(asError(error));
        throw error;
      });
    });
    onClose(this, async (removed) => {
      unsubscribe();
      letGo(removed);
      conversations.delete(this.id);
      pages.news.close();
      await conversation?.close(removed);
    });
  }
  RED.nodes.registerType('gemini-live-session', GeminiLiveSession);
  serveTalkButton(RED, (id) => conversations.get(id));
}
