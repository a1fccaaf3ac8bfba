import { Readable } from 'node:stream';
import { isFailureStatus, toolAnswer, toolFailure } from '../../src/live';
import { isMediaDescription, isMediaHandle, redact } from '../../src/media';
import type { CallAnswer } from '../shared/calls';
import { describe, NodeError } from '../shared/errors';
import type { Message } from '../shared/types';
import { partOf, partsOf } from './media';

/** What the dialog decides. */
export interface AnswerOptions {
  scheduling?: string;
  /** More answers to the same call will follow. */
  partial?: boolean;
}

const SCHEDULINGS = ['WHEN_IDLE', 'INTERRUPT', 'SILENT'] as const;
/**
 * What a message means as an answer: its error, or else its payload and media.
 *
 * @throws NodeError (as rejection) `BAD_PAYLOAD`, `BAD_CONFIG`
 */
export async function answerOf(msg: Message, options: AnswerOptions): Promise<CallAnswer> {
  // Whatever else is wrong with a message that brings an error, the model is to hear of the error.
  if (msg.error !== undefined && msg.error !== null) return { response: failureOf(msg.error) };
  const scheduling = schedulingOf(msg.scheduling ?? options.scheduling);
  const more = msg.willContinue ?? options.partial;
  const [answer, media] = await Promise.all([payloadOf(msg.payload), partsOf(msg.media)]);
  const parts = [...(answer.parts ?? []), ...media];
  return {
    response: answer.response,
    ...(parts.length && { parts }),
    ...(scheduling && { scheduling }),
    ...((more === true || more === 'true') && { willContinue: true }),
  };
}

async function payloadOf(payload: unknown): Promise<Pick<CallAnswer, 'response' | 'parts'>> {
  if (isMediaHandle(payload)) return { response: { status: 'ok' }, parts: [await partOf(payload)] };
  if (payload instanceof Readable || isMediaDescription(payload)) {
    throw new NodeError(
      'BAD_PAYLOAD',
      'The payload is a stream that cannot be read here. Send a Buffer, or the stream of an audio-in, video-in or from-messages node.',
    );
  }
  return toolAnswer(payload);
}

/** @throws NodeError `BAD_CONFIG` */
function schedulingOf(value: unknown): CallAnswer['scheduling'] {
  if (value === undefined || value === null || value === '') return undefined;
  const wanted = typeof value === 'string' ? value.trim().toUpperCase().replaceAll(/[- ]/g, '_') : '';
  const found = SCHEDULINGS.find((one) => one === wanted);
  if (found) return found;
  throw new NodeError(
    'BAD_CONFIG',
    `msg.scheduling says when the model speaks of the answer: ${SCHEDULINGS.join(', ')}, not ${describe(value)}.`,
  );
}

/** What a Catch node caught, or a flow put into `msg.error`: a text, an Error, or `{message, status, retryable, hint}`. */
function failureOf(error: unknown): Record<string, unknown> {
  const { message, status, retryable, hint } = (typeof error === 'object' ? error : {}) as Record<
    string,
    unknown
  >;
  const text = typeof error === 'string' ? error : message;
  return {
    ...toolFailure({
      status: isFailureStatus(status) ? status : 'FAILED',
      // Catch nodes put the class in front: "Error: no such lamp".
      message: redact(typeof text === 'string' && text ? text.replace(/^(\w*Error: )+/, '') : 'It failed.'),
      ...(typeof retryable === 'boolean' && { retryable }),
      ...(typeof hint === 'string' && hint && { hint: redact(hint) }),
    }),
  };
}
