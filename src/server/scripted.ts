import { SPEAK_RATE } from './answer';
import type { Mind, MindInput, Speech, Voice } from './parts';

/**
 * A voice that hums: a tone of 220 Hz, as long as the text would take to say.
 * @param msPerWord length of one word in ms
 */
export function toneVoice(msPerWord = 300): Voice {
  return {
    speak: async (text): Promise<Speech> => {
      const words = text.split(/\s+/).filter((word) => word !== '').length;
      const pcm = new Int16Array(Math.round((words * msPerWord * SPEAK_RATE) / 1000));
      for (let i = 0; i < pcm.length; i++) {
        pcm[i] = Math.round(8000 * Math.sin((2 * Math.PI * 220 * i) / SPEAK_RATE));
      }
      return { pcm, source: 'clip' };
    },
  };
}

/** A mind made of one function. */
export function scriptedMind(say: (input: MindInput) => string): Mind {
  return { reply: (input) => ({ say: say(input) }) };
}
