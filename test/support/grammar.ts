import type { LiveServerMessage } from '../../src/protocol';

/**
 * The orders in which the service sends its frames, as a grammar: each frame becomes a letter, each family of models has
 * a pattern that a whole session must match.
 *
 *     S setupComplete        I inputTranscription    J inputTranscription, finished
 *     E empty serverContent  T thought               P outputTranscription, empty
 *     O outputTranscription  A audio                 Q outputTranscription, finished
 *     B audio and outputTranscription in one frame   X model text
 *     C toolCall             D toolCallCancellation  R sessionResumptionUpdate
 *     G generationComplete   Y interrupted           Z turnComplete and usageMetadata in one frame
 *     N interim transcript   F functionCall in modelTurn
 *     W goAway               V voiceActivity         H interactionStatus
 *     K executableCode       L codeExecutionResult   U urlContextMetadata
 *     M groundingMetadata
 */
const ORDERS = {
  /** 2.5 native audio: one thing per frame, transcript ahead of and between the audio. */
  native: turns('I*', '(?:KL)?T?(?:CR?|[OA])*U?M?'),
  /** 3.x: empty frames, audio and transcript together. */
  combined: turns('I*', '(?:KL)?(?:E|T|CR?|(?:[AB]+O?|O)(?![ABO]))*U?M?'),
  /** Vertex AI: the whole transcript before the audio; a tool round is a turn of its own. */
  vertex: turns('(?:I*J)?', '(?:KL)?(?:C|(?:P(?:O*(?:QA*)?)?)?A*)U?'),
  /** Models that answer in text. */
  text: turns('I*', 'X*'),
};

/** A session of turns: what the user said, the answer, and one of the three ways in which a turn ends. */
function turns(input: string, answer: string): RegExp {
  return new RegExp(`^S(?:${input}${answer}(?:GZ|GYZ|D?YZ)R?)*$`);
}

export type Order = keyof typeof ORDERS;

/** The letter of a frame. @throws Error for a frame that mixes what never comes mixed, or holds nothing known */
export function letterOf(message: LiveServerMessage): string {
  const { serverContent, ...rest } = message;
  const others = Object.keys(rest).filter((key) => key !== 'usageMetadata');
  if (!serverContent) {
    const letter = {
      setupComplete: 'S',
      toolCall: 'C',
      toolCallCancellation: 'D',
      sessionResumptionUpdate: 'R',
      goAway: 'W',
      voiceActivity: 'V',
    }[others[0] ?? ''];
    if (letter && others.length === 1 && !message.usageMetadata) return letter;
    throw new Error(`no frame of the service: ${JSON.stringify(message).slice(0, 200)}`);
  }
  const content = { ...serverContent };
  if (content.turnComplete) {
    delete content.groundingMetadata;
    delete content.turnCompleteReason;
  }
  const letter = LETTERS[Object.keys(content).sort().join()]?.(content);
  const usageFits = (message.usageMetadata !== undefined) === (letter === 'Z');
  if (letter && others.length === 0 && usageFits) return letter;
  throw new Error(`no frame of the service: ${JSON.stringify(message).slice(0, 200)}`);
}

type Content = NonNullable<LiveServerMessage['serverContent']>;

const LETTERS: Record<string, (content: Content) => string | undefined> = {
  '': () => 'E',
  inputTranscription: ({ inputTranscription: t }) => (t?.finished ? 'J' : 'I'),
  outputTranscription: ({ outputTranscription: t }) =>
    t?.finished ? 'Q' : t?.text === undefined ? 'P' : 'O',
  modelTurn: ({ modelTurn }) => partLetter(modelTurn),
  'modelTurn,outputTranscription': ({ modelTurn }) => (partLetter(modelTurn) === 'A' ? 'B' : undefined),
  interimInputTranscription: () => 'N',
  interactionStatus: () => 'H',
  urlContextMetadata: () => 'U',
  groundingMetadata: () => 'M',
  generationComplete: () => 'G',
  interrupted: () => 'Y',
  turnComplete: () => 'Z',
};

function partLetter(turn: Content['modelTurn']): string | undefined {
  const [part, ...more] = turn?.parts ?? [];
  if (!part || more.length > 0) return undefined;
  if (part.inlineData) return 'A';
  if (part.functionCall) return 'F';
  if (part.executableCode) return 'K';
  if (part.codeExecutionResult) return 'L';
  if (part.text === undefined) return undefined;
  return part.thought ? 'T' : 'X';
}

/** Letters of a session's frames. */
export function lettersOf(messages: readonly LiveServerMessage[]): string {
  return messages.map(letterOf).join('');
}

/** Whether a whole session's frames came in an order the service uses. */
export function obeys(order: Order, messages: readonly LiveServerMessage[]): boolean {
  return ORDERS[order].test(lettersOf(messages));
}
