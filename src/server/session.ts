import type { Blob, LiveClientMessage, LiveClientRealtimeInput } from '../protocol';
import { Refusal } from './client-message';
import { closes } from './closes';
import { Conversation, type ConversationWorld } from './conversation';
import type { Memory } from './memory';
import { declaredFunctions, type SessionConfig } from './setup';
import { VIDEO_FRAME_TOKENS } from './tokens';
import { TurnTaker } from './turn-taker';

const AUDIO_MIME = /^audio\/pcm\s*(?:;\s*rate=(\d{4,6}))?\s*$/i;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const RATE = { least: 8000, most: 48_000, usual: 16_000 };

/** A connection after its setup: sorts what the client sends to conversation and turn taker. */
export class Session {
  private readonly conversation: Conversation;
  private readonly turnTaker: TurnTaker;

  constructor(
    private readonly config: SessionConfig,
    memory: Memory,
    world: ConversationWorld,
  ) {
    this.conversation = new Conversation(config, memory, world);
    this.turnTaker = new TurnTaker(config.detection, this.conversation);
  }

  /** @throws Refusal when the message breaks a rule */
  receive({ setup, clientContent, realtimeInput, contextUpdate }: LiveClientMessage): void {
    if (setup) throw new Refusal(closes.invalidArgument());
    if (clientContent)
      this.conversation.content(clientContent.turns ?? [], clientContent.turnComplete === true);
    if (realtimeInput) this.realtime(realtimeInput);
    if (contextUpdate?.tools) this.conversation.declare(declaredFunctions(contextUpdate.tools.tools));
  }

  /** Stops everything without another word. */
  end(): void {
    this.conversation.end();
  }

  private realtime(input: LiveClientRealtimeInput): void {
    const { audio, video, text, mediaChunks, activityStart, activityEnd, audioStreamEnd } = input;
    if (mediaChunks && !this.config.traits.mediaChunks) throw new Refusal(closes.mediaChunks());
    if (Object.keys(input).length > 1) throw new Refusal(closes.invalidArgument());
    if ((activityStart ?? activityEnd) && this.config.detection.automatic) {
      throw new Refusal(closes.invalidArgument());
    }
    if (audio) this.audio(audio);
    if (video) this.video(video);
    for (const chunk of mediaChunks ?? []) {
      if (/^image\//i.test(chunk.mimeType ?? '')) this.video(chunk);
      else this.audio(chunk);
    }
    if (text !== undefined) this.conversation.text(text);
    if (activityStart) this.turnTaker.activityStart();
    if (activityEnd) this.turnTaker.activityEnd();
    if (audioStreamEnd) this.turnTaker.streamEnd();
  }

  private audio(blob: Blob): void {
    const mime = AUDIO_MIME.exec(blob.mimeType ?? '');
    const rate = Number(mime?.[1] ?? RATE.usual);
    if (!mime || rate < RATE.least || rate > RATE.most) throw new Refusal(closes.invalidArgument());
    this.turnTaker.audio(bytesOf(blob), rate);
  }

  private video(blob: Blob): void {
    if (!/^image\//i.test(blob.mimeType ?? '')) throw new Refusal(closes.invalidArgument());
    bytesOf(blob);
    this.conversation.video(VIDEO_FRAME_TOKENS);
  }
}

function bytesOf({ data = '' }: Blob): Buffer {
  if (!BASE64.test(data)) throw new Refusal(closes.invalidArgument());
  return Buffer.from(data, 'base64');
}
