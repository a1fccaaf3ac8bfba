import type { CallRequest, CallResult, DeclaredFunction, Phrase, Reply } from '../parts';
import { toWords } from './pattern';
import type { Plan } from './plan';
import { at, plain } from './words';

/** An answer with this status asks for the user's leave: the function is called again, with `confirmed`, after a yes. */
const REQUIRED = 'confirmation_required';

const UNASKED = 'Shall I really do that?';
const LEFT = 'All right, I leave it.';
const UNCLEAR = 'I did not understand that. Please say yes or no.';

/** Every answer from here; the shipped voice must be able to say them. */
export const QUESTION_ANSWERS: readonly string[] = [UNASKED, LEFT, UNCLEAR];

/** Where the open question of a conversation is kept. */
const OPEN = 'open question';

/** What can be heard while a question is open. Such short words are not listened for at any other time. */
export const YES_OR_NO: readonly Phrase[] = [
  { id: 'yes', text: 'yes', also: ['yes please'] },
  { id: 'no', text: 'no', also: ['no thank you'] },
];

const YES =
  /^(?:(?:yes|yeah|yep|sure|of course|okay|ok)(?: please)?(?: (?:do it|do that|do so|go ahead))?|do it|please do|go ahead)(?: please)?$/;
const NO =
  /^(?:no|nope|no thanks|no thank you|no please do not|(?:please )?do not|stop|cancel|leave it|never mind)$/;

interface Question {
  readonly question: string;
  readonly calls: readonly CallRequest[];
}

/**
 * Opens a question when an answer asks for one.
 * @param values answers of the other calls that were made together, for later
 * @returns the question, or nothing when there is none
 */
export function ask(
  results: readonly CallResult[],
  values: Readonly<Record<string, unknown>>,
  memory: Map<string, string>,
): string | undefined {
  const unsure = results.filter(({ response }) => statusOf(response) === REQUIRED);
  if (unsure.length === 0) return undefined;
  const question = unsure.map(({ response }) => plain(questionOf(response) ?? UNASKED)).join(' ');
  const led = results.some(({ plan }) => (plan as Plan | undefined)?.leads);
  const calls = unsure.map(({ name, args, plan }, index) => ({
    name,
    args: { ...args, confirmed: true },
    plan: { ...(plan as Plan), leads: led && index === 0, values },
  }));
  memory.set(OPEN, JSON.stringify({ question, calls } satisfies Question));
  return question;
}

/** Whether a question waits for its answer. */
export const isOpen = (memory: ReadonlyMap<string, string>): boolean => memory.has(OPEN);

/**
 * Takes what the user says to an open question: after a yes the functions are called again. Whatever is neither yes nor no
 * drops the question, because nobody must open a door with a word that was meant for something else.
 * @returns nothing when it was no answer
 */
export function answered(
  text: string,
  tools: readonly DeclaredFunction[],
  memory: Map<string, string>,
): Reply | undefined {
  const open = memory.get(OPEN);
  if (open === undefined) return undefined;
  memory.delete(OPEN);
  const said = toWords(text).plain.join(' ');
  if (NO.test(said)) return { say: LEFT };
  const { calls } = JSON.parse(open) as Question;
  const possible = calls.every(({ name }) => tools.some((tool) => tool.name === name));
  return possible && YES.test(said) ? { say: '', calls } : undefined;
}

/** Asks once more when a sound was not recognised. @returns nothing when no question is open */
export function repeat(memory: ReadonlyMap<string, string>): string | undefined {
  const open = memory.get(OPEN);
  return open === undefined ? undefined : `${UNCLEAR} ${(JSON.parse(open) as Question).question}`;
}

const statusOf = (response: Record<string, unknown>): unknown =>
  response['status'] ?? at(response, 'result.status');

const questionOf = (response: Record<string, unknown>): unknown =>
  response['question'] ?? at(response, 'result.question');
