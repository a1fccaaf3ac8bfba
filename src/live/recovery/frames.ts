import { encode, isObject, type FunctionResponse, type SentFrame } from '../../protocol';
import { INPUT_BYTES_PER_MS } from '../chunker';

/** What a client message is about, as far as recovery must know. */
export type FrameKind =
  /** Sound. */
  | 'audio'
  /** A picture. */
  | 'video'
  | 'activity-start'
  | 'activity-end'
  /** The microphone pauses. */
  | 'audio-end'
  /** Answers to function calls. */
  | 'tool'
  /** Instructions or functions in mid-session; each setup holds them anyway. */
  | 'context'
  /** What the user wrote, and anything else. */
  | 'other';

const STARTS: ReadonlyArray<[string, FrameKind]> = [
  ['{"realtimeInput":{"audio":', 'audio'],
  ['{"realtimeInput":{"video":', 'video'],
  ['{"realtimeInput":{"activityStart":', 'activity-start'],
  ['{"realtimeInput":{"activityEnd":', 'activity-end'],
  ['{"realtimeInput":{"audioStreamEnd":', 'audio-end'],
  ['{"toolResponse":', 'tool'],
  ['{"contextUpdate":', 'context'],
];

/** The kind of a frame, by its first characters: it must not be parsed again. Nothing but sound is sent as bytes. */
export function kindOf(frame: SentFrame): FrameKind {
  if (typeof frame !== 'string') return 'audio';
  return STARTS.find(([start]) => frame.startsWith(start))?.[1] ?? 'other';
}

const DATA = '"data":"';
const TAIL = '"}}}';
const PAD = '='.charCodeAt(0);

/** Duration of the sound in a frame of kind `audio` (ms), from its length: 16 kHz, 16 bit, base64. */
export function audioMsOf(frame: SentFrame): number {
  const start = frame.indexOf(DATA) + DATA.length;
  const end = frame.length - TAIL.length;
  const at = (index: number): number | undefined =>
    typeof frame === 'string' ? frame.charCodeAt(index) : frame[index];
  const padding = at(end - 1) !== PAD ? 0 : at(end - 2) === PAD ? 2 : 1;
  return (((end - start) * 3) / 4 - padding) / INPUT_BYTES_PER_MS;
}

/**
 * Ids of the calls that a frame of kind `tool` answers; a raw message may hold anything.
 *
 * @param whole only those to which nothing more is to come
 */
export function answeredIds(frame: string, whole = false): string[] {
  const { toolResponse } = JSON.parse(frame) as { toolResponse: unknown };
  return listIn(toolResponse, 'functionResponses')
    .filter((response) => !(whole && isObject(response) && response['willContinue'] === true))
    .map((response) => textIn(response, 'id'));
}

/** A frame of kind `tool` with the answers to some calls only. */
export function answersTo(frame: string, wanted: ReadonlySet<string>): string {
  if (answeredIds(frame).every((id) => wanted.has(id))) return frame;
  const { toolResponse } = JSON.parse(frame) as { toolResponse: unknown };
  const left = listIn(toolResponse, 'functionResponses').filter((one) => wanted.has(textIn(one, 'id')));
  return encode({ toolResponse: { functionResponses: left as FunctionResponse[] } });
}

/** What the user wrote in a frame of kind `other`; a raw message may hold anything. */
export function writtenIn(frame: string): string {
  const { realtimeInput, clientContent } = JSON.parse(frame) as Record<string, unknown>;
  const text = textIn(realtimeInput, 'text');
  if (text !== '') return text;
  const last = listIn(clientContent, 'turns').at(-1);
  if (textIn(last, 'role') === 'model') return '';
  return listIn(last, 'parts')
    .map((part) => textIn(part, 'text'))
    .join('');
}

function listIn(value: unknown, name: string): unknown[] {
  const list = isObject(value) ? value[name] : undefined;
  return Array.isArray(list) ? list : [];
}

function textIn(value: unknown, name: string): string {
  const text = isObject(value) ? value[name] : undefined;
  return typeof text === 'string' ? text : '';
}
