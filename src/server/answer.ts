import type { LiveServerContent, LiveServerMessage, Part } from '../protocol';
import type { Speech } from './parts';
import type { SessionConfig } from './setup';

/** Sample rate of everything the server says, in Hz. */
export const SPEAK_RATE = 24_000;

/** One frame of an answer. */
export interface Step {
  readonly message: LiveServerMessage;
  /** How much sound it carries, in ms. */
  readonly audioMs: number;
  /** How much of the answer's text it carries. */
  readonly text?: string;
}

/** Everything that is to be said in one turn. */
export interface Answer {
  readonly text: string;
  readonly speech: Speech;
  readonly thought?: string;
}

interface Piece {
  readonly text: string;
  /** When it is spoken, in ms from the start. */
  readonly atMs: number;
}

/** 2.5 models send the transcript ahead of the sound: this many pieces before any, the rest by this much. */
const PIECES_AHEAD = 3;
const AHEAD_MS = 500;

/** Splits a text into words that keep the space in front of them, as transcripts come over the wire. */
export function wordPieces(text: string): string[] {
  return text.trimEnd().match(/\s*[^\s,]+|\s*,/g) ?? [];
}

const durationMs = (pcm: Int16Array): number => (pcm.length / SPEAK_RATE) * 1000;

function piecesOf({ text, speech }: Answer): Piece[] {
  const words = wordPieces(text);
  const times = speech.words?.length === words.length ? speech.words : undefined;
  let passed = 0;
  return words.map((word, index) => {
    const atMs = times?.[index]?.startMs ?? (passed / text.length) * durationMs(speech.pcm);
    passed += word.length;
    return { text: word, atMs };
  });
}

/** Cuts speech into chunks of changing length, as base64 of PCM16 LE. */
function* chunksOf(pcm: Int16Array, [least, most]: readonly [number, number], random: () => number) {
  for (let at = 0; at < pcm.length;) {
    const samples = Math.round(((least + random() * (most - least)) / 1000) * SPEAK_RATE);
    const chunk = pcm.subarray(at, at + samples);
    at += chunk.length;
    const bytes = Buffer.alloc(chunk.length * 2);
    chunk.forEach((sample, index) => bytes.writeInt16LE(sample, index * 2));
    yield {
      data: bytes.toString('base64'),
      audioMs: durationMs(chunk),
      endMs: durationMs(pcm.subarray(0, at)),
    };
  }
}

const step = (serverContent: LiveServerContent, audioMs = 0, text?: string): Step => ({
  message: { serverContent },
  audioMs,
  ...(text === undefined ? {} : { text }),
});

const parts = (...list: Part[]): LiveServerContent => ({ modelTurn: { parts: list } });

const transcript = (text: string): Step => step({ outputTranscription: { text } }, 0, text);

/** 2.5: one thing per frame; the transcript runs ahead of the sound it belongs to. */
function* nativeSteps(answer: Answer, config: SessionConfig, random: () => number): Generator<Step> {
  if (config.thoughts && answer.thought) yield step(parts({ text: answer.thought, thought: true }));
  const pieces = config.transcribeOutput ? piecesOf(answer) : [];
  yield* pieces.splice(0, PIECES_AHEAD).map((piece) => transcript(piece.text));
  for (const { data, audioMs, endMs } of chunksOf(answer.speech.pcm, config.traits.chunkMs, random)) {
    yield step(parts({ inlineData: { mimeType: `audio/pcm;rate=${SPEAK_RATE}`, data } }), audioMs);
    while (pieces.length > 0 && pieces[0]!.atMs <= endMs + AHEAD_MS) yield transcript(pieces.shift()!.text);
  }
  yield* pieces.map((piece) => transcript(piece.text));
}

/** 3.x: an empty frame first, then sound and transcript in the same frames. */
function* combinedSteps(answer: Answer, config: SessionConfig, random: () => number): Generator<Step> {
  yield step({});
  if (config.thoughts && answer.thought) yield step(parts({ text: answer.thought, thought: true }));
  const pieces = config.transcribeOutput ? piecesOf(answer) : [];
  const due = (untilMs: number): string => {
    let text = '';
    while (pieces.length > 0 && pieces[0]!.atMs < untilMs) text += pieces.shift()!.text;
    return text;
  };
  for (const { data, audioMs, endMs } of chunksOf(answer.speech.pcm, config.traits.chunkMs, random)) {
    const text = due(endMs);
    const sound = parts({ inlineData: { mimeType: `audio/pcm;rate=${SPEAK_RATE}`, data } });
    yield text ? step({ ...sound, outputTranscription: { text } }, audioMs, text) : step(sound, audioMs);
  }
  const rest = due(Infinity);
  if (rest) yield transcript(rest);
}

/** Vertex AI: the whole transcript between an empty and a `finished` frame, then the sound, with a role. */
function* vertexSteps(answer: Answer, config: SessionConfig, random: () => number): Generator<Step> {
  if (config.transcribeOutput) {
    yield step({ outputTranscription: {} });
    yield* piecesOf(answer).map((piece) => transcript(piece.text));
    yield step({ outputTranscription: { finished: true } });
  }
  for (const { data, audioMs } of chunksOf(answer.speech.pcm, config.traits.chunkMs, random)) {
    yield step(
      { modelTurn: { role: 'model', parts: [{ inlineData: { mimeType: 'audio/pcm', data } }] } },
      audioMs,
    );
  }
}

function* textSteps(answer: Answer): Generator<Step> {
  for (const text of wordPieces(answer.text)) yield step(parts({ text }), 0, text);
}

/** The frames of an answer up to, not including, `generationComplete`, in the order of model and backend. */
export function answerSteps(
  answer: Answer,
  config: SessionConfig,
  random: () => number,
): Generator<Step, void> {
  if (config.modality === 'TEXT') return textSteps(answer);
  if (config.route.backend === 'vertex') return vertexSteps(answer, config, random);
  return config.traits.order === 'native'
    ? nativeSteps(answer, config, random)
    : combinedSteps(answer, config, random);
}
