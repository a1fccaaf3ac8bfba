import type { Transcription } from '../protocol';

/** What else came with a piece of text. */
export interface PieceDetails {
  details?: Omit<Transcription, 'text'>;
}

/** Whether a transcript says anything: Vertex AI begins with an empty one and ends with a bare `finished`. */
export function tells(transcript: Transcription | undefined): transcript is Transcription {
  if (!transcript) return false;
  if (transcript.text) return true;
  for (const name in transcript) if (name !== 'text' && name !== 'finished') return true;
  return false;
}

/** Everything of a transcript but its text. */
export function detailsOf({ text: _text, ...details }: Transcription): PieceDetails {
  for (const _name in details) return { details };
  return {};
}
