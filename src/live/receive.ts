import { parseDuration, type LiveServerMessage, type Problem } from '../protocol';
import type { Emit } from './events';
import { fingerprint } from './redact';

/** Tells the fields of a message that belong to no turn. */
export function tellRest(message: LiveServerMessage, emit: Emit): void {
  const { setupComplete, goAway, sessionResumptionUpdate, voiceActivity, voiceActivityDetectionSignal } =
    message;
  if (setupComplete?.sessionId || setupComplete?.voiceConsentSignature) {
    emit('activity', { type: 'setup-complete', ...setupComplete });
  }
  if (goAway) emit('go-away', { timeLeftMs: parseDuration(goAway.timeLeft) });
  if (sessionResumptionUpdate) {
    const { resumable = false, newHandle, lastConsumedClientMessageIndex } = sessionResumptionUpdate;
    emit('resumption', {
      resumable,
      ...(newHandle && { handle: fingerprint(newHandle) }),
      ...(lastConsumedClientMessageIndex && { lastConsumedClientMessageIndex }),
    });
  }
  if (voiceActivity) {
    const { voiceActivityType, audioOffset } = voiceActivity;
    emit('activity', { type: activityType(voiceActivityType), audioOffsetMs: parseDuration(audioOffset) });
  }
  if (voiceActivityDetectionSignal) {
    emit('activity', { type: activityType(voiceActivityDetectionSignal.vadSignalType) });
  }
}

/** Tells what the schema does not know; what cannot be used is a warning. */
export function tellProblem({ kind, path, name, value, message }: Problem, emit: Emit): void {
  if (kind === 'wrong-type') {
    emit('warning', { code: 'BAD_FIELD', message: `A field from the server was left out. ${message}` });
  } else emit('unknown', { kind, path, name, value });
}

function activityType(type = ''): string {
  if (/(START|SOS)$/.test(type)) return 'start';
  if (/(END|EOS)$/.test(type)) return 'end';
  return type;
}
