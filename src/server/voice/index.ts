/** The voice of the local Live server: shipped recordings, or whatever speaks on this machine. */
import type { Scenario, Speech, Voice } from '../parts';
import { shippedClips } from './clips';
import { IN_TRANSCRIPT } from './fragments';

export { ClipBank, VOICE_RATE } from './clips';

/** A voice for a scenario. */
export async function createVoice(_scenario: Scenario): Promise<Voice> {
  const clips = await shippedClips();
  return {
    speak: async (text: string): Promise<Speech> => {
      const speech = (await clips.speak(text)) ?? (await clips.speak(IN_TRANSCRIPT));
      return speech ?? { pcm: new Int16Array(0), source: 'none' };
    },
  };
}
