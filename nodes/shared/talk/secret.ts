import { randomBytes } from 'node:crypto';
import { asError } from '../errors';
import type { Red } from '../types';

/** Under which name it is kept among Node-RED's own settings, which no flow and no editor sees. */
const KEY = 'geminiLiveTalkSecret';
const BYTES = 32;

interface Settings {
  available?(): boolean;
  get?(key: string): unknown;
  set?(key: string, value: string): Promise<void> | undefined;
}

/**
 * The secret that signs the pairings of browsers. It is kept, so that they stay paired over a restart; where that cannot be, it
 * is made anew and the PIN is asked for again.
 */
export function talkSecret(RED: Red): Buffer {
  const settings = RED.settings as Settings;
  const made = randomBytes(BYTES);
  const failed = (error: unknown): void =>
    RED.log.warn(`Browsers must be paired again after a restart: ${asError(error).message}`);
  try {
    if (!settings.available?.()) return made;
    const kept = settings.get?.(KEY);
    const bytes = Buffer.from(typeof kept === 'string' ? kept : '', 'base64url');
    if (bytes.length >= BYTES) return bytes;
    settings.set?.(KEY, made.toString('base64url'))?.catch(failed);
  } catch (error) {
    failed(error);
  }
  return made;
}
