import type { Backend, CallableTool, ContentInput, ToolInput, TurnsInput } from './config';
import { toContent, toContents } from './content';
import { ProtocolError } from './errors';
import { copyFields } from './fields';
import { toTools } from './tools';
import { isObject } from './walk';
import type {
  Blob,
  FunctionResponse,
  LiveClientContextUpdate,
  LiveClientMessage,
  LiveClientRealtimeInput,
} from './wire';

/** Realtime input; each field on its own is one message of a well-behaved client. */
export interface RealtimeInput {
  /** PCM16 mono, `audio/pcm;rate=16000`. */
  audio?: Blob;
  /** One picture, `image/jpeg`. */
  video?: Blob;
  text?: string;
  activityStart?: object;
  activityEnd?: object;
  audioStreamEnd?: boolean;
  /** The old field for audio and pictures; 3.1 models close with 1007 on it. */
  media?: Blob | Blob[];
}

/**
 * A `realtimeInput` message, as the official SDK writes it (which does not check that only one field is set).
 *
 * @throws ProtocolError `BAD_INPUT` for audio or video of another kind.
 */
export function realtimeInput(input: RealtimeInput): LiveClientMessage {
  const out: LiveClientRealtimeInput = {};
  if (input.media != null) out.mediaChunks = [input.media].flat().map((item) => blob(item, 'media'));
  if (input.audio != null) out.audio = blob(input.audio, 'audio', 'audio/');
  if (input.audioStreamEnd != null) out.audioStreamEnd = input.audioStreamEnd;
  if (input.video != null) out.video = blob(input.video, 'video', 'image/');
  if (input.text != null) out.text = input.text;
  if (input.activityStart != null) out.activityStart = {};
  if (input.activityEnd != null) out.activityEnd = {};
  return { realtimeInput: out };
}

/**
 * A `clientContent` message: turns of the conversation, in order.
 *
 * @param input.turnComplete whether the model is to answer now; default true.
 * @throws ProtocolError `BAD_INPUT`
 */
export function clientContent(
  input: { turns?: TurnsInput | null; turnComplete?: boolean } = {},
  backend: Backend = 'gemini',
): LiveClientMessage {
  const { turns, turnComplete = true } = input;
  if (turns == null) return { clientContent: { turnComplete } };
  // The SDK holds contents against the Gemini API's fields and sends them unseen to Vertex AI.
  return {
    clientContent: { turns: toContents(turns, backend === 'gemini' ? backend : undefined), turnComplete },
  };
}

/**
 * The answer to one or more function calls. `scheduling`, `willContinue` and `parts` stand beside `response`.
 *
 * @throws ProtocolError `BAD_INPUT` when a name, a response, or (on the Gemini API) the call's id is missing.
 */
export function toolResponse(
  input: { functionResponses: FunctionResponse | FunctionResponse[] },
  backend: Backend = 'gemini',
): LiveClientMessage {
  const responses = input?.functionResponses == null ? [] : [input.functionResponses].flat();
  if (responses.length === 0)
    throw new ProtocolError('BAD_INPUT', 'A tool response needs at least one function response');
  for (const response of responses) {
    if (!isObject(response) || !('name' in response) || !('response' in response)) {
      throw new ProtocolError(
        'BAD_INPUT',
        'A function response needs the "name" of the function and a "response" object',
      );
    }
    if (backend === 'gemini' && !('id' in response)) {
      throw new ProtocolError('BAD_INPUT', 'A function response needs the "id" of the call that it answers');
    }
  }
  return {
    toolResponse: { functionResponses: responses.map((item) => copyFields('FunctionResponse', item)) },
  };
}

/**
 * Changes instructions or tools in mid-session (documented for 3.8 models). An empty list of tools takes all away,
 * a field that is left out stays as it was.
 *
 * @throws ProtocolError `BAD_INPUT`, `WRONG_BACKEND`
 */
export function contextUpdate(
  input: {
    systemInstruction?: ContentInput | null;
    tools?: { tools?: Array<ToolInput | CallableTool> | null } | null;
  },
  backend: Backend = 'gemini',
): LiveClientMessage {
  const out: LiveClientContextUpdate = {};
  if (input.systemInstruction != null) out.systemInstruction = toContent(input.systemInstruction, backend);
  if (input.tools != null) {
    out.tools = input.tools.tools == null ? {} : { tools: toTools(input.tools.tools, backend) };
  }
  return { contextUpdate: out };
}

function blob(value: Blob, field: string, kind?: string): Blob {
  if (!isObject(value)) throw new ProtocolError('BAD_INPUT', `"${field}" must be { mimeType, data }`);
  if (kind && !String(value.mimeType).startsWith(kind)) {
    throw new ProtocolError(
      'BAD_INPUT',
      `"${field}" must be ${kind}…, not ${String(value.mimeType).slice(0, 60)}`,
    );
  }
  return copyFields('Blob_2', value);
}
