import { Recorder, type LiveEvents, type LiveSession } from '../../src/live';
import { report } from '../shared/errors';
import type { AnyNode } from '../shared/types';

/** Failures of a session become errors for Catch nodes. One that was never ready is reported to the message that asked for it. */
export function reportFailures(
  session: LiveSession,
  node: AnyNode,
  failed: (event: LiveEvents['error'][0]) => void,
): void {
  session.on('error', (event) => {
    const { code, message, advice } = event;
    failed(event);
    report(node, Object.assign(new Error(message), { code, advice }));
  });
  session.on('warning', ({ code, message, advice }) => {
    // Who waits for a word that nobody listens for would never know.
    if (code === 'WAKE_WORD_FAILED') report(node, Object.assign(new Error(message), { code, advice }));
  });
  session.on('cost-limit', ({ level, scope, limitUsd, advice }) => {
    if (level !== 'reached') return;
    const message = `The cost limit of ${limitUsd} US $ per ${scope} is reached, so the conversation was ended.`;
    report(node, Object.assign(new Error(message), { code: 'COST_LIMIT', advice }));
  });
}

/** Records into a file; what goes wrong there is reported, and costs the recording only. */
export function recorderFor(
  node: AnyNode,
  { file, audio }: { file: string; audio: boolean },
  secrets: string[],
): Recorder {
  return new Recorder({
    file,
    audio,
    secrets,
    onWarning: ({ code, message }) => report(node, Object.assign(new Error(message), { code })),
  });
}
