import type { Backend } from '../config';
import type { ModelProfile } from '../profiles';
import { isObject } from '../walk';
import type {
  Blob,
  Content,
  FunctionResponse,
  LiveClientContent,
  LiveClientContextUpdate,
  LiveClientRealtimeInput,
  Part,
} from '../wire';
import { forBackend } from './backend';
import type { FitWarning } from './draft';
import { fitTools } from './tools';

/**
 * Realtime input as the model takes it: one field per message (the API's rule), `mediaChunks` as `audio` and
 * `video` where the model refuses the old field, and nothing that the model cannot take in.
 *
 * @returns the messages to send in this order.
 */
export function fitRealtimeInput(
  profile: ModelProfile,
  input: LiveClientRealtimeInput,
): { inputs: LiveClientRealtimeInput[]; warnings: FitWarning[] } {
  const warnings: FitWarning[] = [];
  const inputs: LiveClientRealtimeInput[] = [];
  for (const [name, value] of Object.entries(input) as Array<[keyof LiveClientRealtimeInput, unknown]>) {
    if (value === undefined || value === null) continue;
    if (name === 'mediaChunks' && !profile.mediaChunks && Array.isArray(value)) {
      inputs.push(...(value as Blob[]).map(asOwnField));
    } else inputs.push({ [name]: value });
  }
  const accepted = inputs.filter((message) => {
    const [name = ''] = Object.keys(message);
    const kind = name === 'text' ? 'text' : name === 'video' ? 'video' : 'audio';
    if (profile.inputs.includes(kind)) return true;
    const path = `realtimeInput.${name}`;
    const message_ = `"${path}" was not sent: ${profile.name} takes ${profile.inputs.join(', ')} only.`;
    warnings.push({ path, message: message_ });
    return false;
  });
  return { inputs: accepted, warnings };
}

/**
 * `clientContent` as the model takes it. A model that refuses it in mid-session (1007) gets the user's words as
 * `realtimeInput.text`, which it answers: content that asks for no answer cannot be told to it. A history must hold no function parts (1007; pipecat, changelog 1.7.0).
 *
 * @param when.midSession the conversation has begun: something was said or sent before.
 * @param when.history the content is the history that `historyConfig` announced.
 * @returns at most one of the two messages; none when nothing is left to send.
 */
export function fitClientContent(
  profile: ModelProfile,
  content: LiveClientContent,
  when: { midSession?: boolean; history?: boolean },
): { clientContent?: LiveClientContent; realtimeInput?: LiveClientRealtimeInput; warnings: FitWarning[] } {
  const warnings: FitWarning[] = [];
  if (when.history) return { clientContent: asHistory(profile, content, warnings), warnings };
  if (!when.midSession || profile.contentMidSession) return { clientContent: content, warnings };
  const text = (content.turnComplete === false ? [] : (content.turns ?? []))
    .filter(({ role }) => role !== 'model')
    .flatMap(({ parts }) => parts ?? [])
    .map((part) => part.text ?? '')
    .filter(Boolean)
    .join('\n');
  const lost = (content.turns ?? []).some(
    ({ role, parts }) => role === 'model' || parts?.some((part) => !part.text),
  );
  const rest =
    text === '' ? 'nothing was sent' : lost ? 'only the text of the user was sent' : 'it was sent as text';
  warnings.push({
    path: 'clientContent',
    message: `${profile.name} takes no "clientContent" once the conversation has begun: ${rest}.`,
  });
  return text === '' ? { warnings } : { realtimeInput: { text }, warnings };
}

/**
 * Answers to function calls as model and service take them: without `scheduling` where the model has none,
 * without `willContinue` on Vertex AI.
 */
export function fitToolResponse(
  profile: ModelProfile,
  responses: readonly FunctionResponse[],
  backend: Backend = 'gemini',
): { functionResponses: FunctionResponse[]; warnings: FitWarning[] } {
  const warnings: FitWarning[] = [];
  const functionResponses = responses.map((response, index) => {
    const path = `toolResponse.functionResponses[${index}]`;
    const fitted = forBackend('FunctionResponse', response, backend, warnings, { path });
    if (profile.scheduling || !isObject(fitted) || fitted.scheduling === undefined) return fitted;
    const { scheduling, ...rest } = fitted;
    warnings.push({
      path: `${path}.scheduling`,
      message: `"scheduling" (${scheduling}) was not sent with the answer of ${rest.name}: ${profile.name} does not have it.`,
    });
    return rest;
  });
  return { functionResponses, warnings };
}

/**
 * A change of instructions or tools as the model takes it.
 *
 * @returns no update when the model knows none: the change needs a new connection then.
 */
export function fitContextUpdate(
  profile: ModelProfile,
  update: LiveClientContextUpdate,
  backend: Backend = 'gemini',
): { contextUpdate?: LiveClientContextUpdate; warnings: FitWarning[] } {
  const warnings: FitWarning[] = [];
  if (!profile.contextUpdate) {
    const message = `${profile.name} does not change instructions or tools within a connection: it needs a new one.`;
    return { warnings: [{ path: 'contextUpdate', message }] };
  }
  const fitted = forBackend('LiveClientContextUpdate', update, backend, warnings, { path: 'contextUpdate' });
  const list = fitted.tools?.tools;
  const contextUpdate = list
    ? { ...fitted, tools: { tools: fitTools(profile, list, warnings, 'contextUpdate.tools.tools') } }
    : fitted;
  return { contextUpdate, warnings };
}

function asHistory(
  profile: ModelProfile,
  content: LiveClientContent,
  warnings: FitWarning[],
): LiveClientContent {
  const isCall = (part: Part): boolean => Boolean(part.functionCall ?? part.functionResponse);
  const turns = (content.turns ?? [])
    .map((turn): Content => ({ ...turn, parts: (turn.parts ?? []).filter((part) => !isCall(part)) }))
    .filter(({ parts }) => parts && parts.length > 0);
  if ((content.turns ?? []).some(({ parts }) => parts?.some(isCall))) {
    const message = 'Function calls and answers were left out of the history: a model refuses them there.';
    warnings.push({ path: 'clientContent.turns', message });
  }
  if (profile.seedEndsWithUser && turns.at(-1)?.role === 'model') {
    const message = `${profile.name} wants a history that ends with a turn of the user.`;
    warnings.push({ path: 'clientContent.turns', message });
  }
  return content.turns === undefined ? content : { ...content, turns };
}

function asOwnField(chunk: Blob): LiveClientRealtimeInput {
  return chunk.mimeType?.startsWith('audio/') ? { audio: chunk } : { video: chunk };
}
