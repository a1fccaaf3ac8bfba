import type { Blob, LiveClientMessage, LiveClientRealtimeInput } from '../protocol';
import { Refusal } from './client-message';
import { closes } from './closes';
import { Conversation, type ConversationWorld } from './conversation';
import type { Memory } from './memory';
import { builtInTools, declaredFunctions, type SessionConfig } from './setup';
import { seenPicture } from './sight';
import { VIDEO_FRAME_TOKENS } from './tokens';
import { TurnTaker } from './turn-taker';

const AUDIO_MIME = /^audio\/pcm\s*(?:;\s*rate=(\d{4,6}))?\s*$/i;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const RATE = { least: 8000, most: 48_000, usual: 16_000 };

/** What a session needs from the world around it. */
export interface SessionWorld extends ConversationWorld {
  /** A frame of video came, which shortens the session. */
  sawVideo(): void;
}

/** A connection after its setup: sorts what the client sends to conversation and turn taker. */
export class Session {
  private readonly conversation: Conversation;
  private readonly turnTaker: TurnTaker;

  private readonly progress = {
    current: 0,
    handled: 0,
    speakingSince: (): number | undefined => this.turnTaker.speakingSince,
  };

  constructor(
    private readonly config: SessionConfig,
    memory: Memory,
    private readonly world: SessionWorld,
  ) {
    this.conversation = new Conversation(config, memory, world, this.progress);
    this.turnTaker = new TurnTaker(config.detection, this.conversation, () => this.progress.current);
  }

  /** @throws Refusal when the message breaks a rule */
  receive(message: LiveClientMessage): void {
    this.progress.current++;
    this.handle(message);
    this.progress.handled = this.progress.current;
    this.conversation.handled();
  }

  /** Sends a handle to the conversation as it is. */
  tellHandle(): void {
    this.world.send(this.conversation.handleNow());
  }

  /** Stops everything without another word. */
  end(): void {
    this.conversation.end();
  }

  private handle({
    setup,
    clientContent,
    realtimeInput,
    toolResponse,
    contextUpdate,
  }: LiveClientMessage): void {
    if (setup) throw new Refusal(closes.invalidArgument());
    if (clientContent)
      this.conversation.content(clientContent.turns ?? [], clientContent.turnComplete === true);
    if (realtimeInput) this.realtime(realtimeInput);
    if (toolResponse) this.conversation.toolResponse(toolResponse.functionResponses ?? []);
    if (!contextUpdate) return;
    if (!this.config.traits.contextUpdate) throw new Refusal(closes.invalidArgument());
    const { tools } = contextUpdate.tools ?? {};
    if (contextUpdate.tools) this.conversation.declare(declaredFunctions(tools), builtInTools(tools));
  }

  private realtime(input: LiveClientRealtimeInput): void {
    const { audio, video, text, mediaChunks, activityStart, activityEnd, audioStreamEnd } = input;
    const early = this.conversation.seeding && this.config.traits.history.beforeInput;
    if (early) throw new Refusal(closes.invalidArgument());
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
    if (this.world.faults.toolCallsInterruptedByAudio && this.conversation.desk.blocked) {
      throw new Refusal(closes.notImplemented());
    }
    this.turnTaker.audio(bytesOf(blob), rate);
  }

  private video(blob: Blob): void {
    const { mimeType = '' } = blob;
    if (!/^image\//i.test(mimeType)) throw new Refusal(closes.invalidArgument());
    const picture = seenPicture(mimeType, bytesOf(blob));
    this.world.sawVideo();
    this.conversation.video(picture, VIDEO_FRAME_TOKENS);
  }
}

function bytesOf({ data = '' }: Blob): Buffer {
  if (!BASE64.test(data)) throw new Refusal(closes.invalidArgument());
  return Buffer.from(data, 'base64');
}
