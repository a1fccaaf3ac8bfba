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

/** The kind of a frame, by its first characters: this runs for each piece of sound, which must not be parsed again. */
export function kindOf(frame: string): FrameKind {
  return STARTS.find(([start]) => frame.startsWith(start))?.[1] ?? 'other';
}

/** Duration of the sound in a frame (ms), from its length: 16 kHz, 16 bit, base64. */
export function audioMsOf(frame: string): number {
  const data = frame.indexOf('"data":"');
  return data < 0 ? 0 : ((frame.length - data - 12) * 3) / 4 / 32;
}

/** Ids of the calls that a frame of kind `tool` answers. */
export function answeredIds(frame: string): string[] {
  const { toolResponse } = JSON.parse(frame) as {
    toolResponse: { functionResponses?: Array<{ id?: string }> };
  };
  return (toolResponse.functionResponses ?? []).map(({ id = '' }) => id);
}

/** What the user wrote in a frame of kind `other`. */
export function writtenIn(frame: string): string {
  const { realtimeInput, clientContent } = JSON.parse(frame) as {
    realtimeInput?: { text?: string };
    clientContent?: { turns?: Array<{ role?: string; parts?: Array<{ text?: string }> }> };
  };
  if (realtimeInput?.text) return realtimeInput.text;
  const last = clientContent?.turns?.at(-1);
  if (!last || last.role === 'model') return '';
  return (last.parts ?? []).map(({ text }) => text ?? '').join('');
}
