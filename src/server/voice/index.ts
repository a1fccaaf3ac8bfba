/** The voice of the local Live server: shipped recordings, or whatever speaks on this machine. */
import type { Speech, Voice } from '../parts';
import { shippedClips, VOICE_RATE } from './clips';
import { IN_TRANSCRIPT } from './fragments';
import { speakFreely } from './free';

export { ClipBank, VOICE_RATE } from './clips';

/**
 * A voice. What the clips cannot say is left to a synthesiser; without one, the voice says that the answer is in the
 * transcript, rather than nothing.
 */
export async function createVoice(
  _scenario?: unknown,
  free: typeof speakFreely = speakFreely,
): Promise<Voice> {
  const clips = await shippedClips();
  return {
    speak: async (text: string): Promise<Speech> => {
      if (!text.trim()) return { pcm: new Int16Array(0), source: 'none' };
      return (
        (await clips.speak(text)) ??
        (await free(text, VOICE_RATE)) ??
        (await clips.speak(IN_TRANSCRIPT)) ?? { pcm: new Int16Array(0), source: 'none' }
      );
    },
  };
}
