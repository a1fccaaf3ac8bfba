import { SPEAK_RATE } from './answer';
import type { Mind, MindInput, Reply, Speech, Voice } from './parts';

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

/**
 * A mind made of one function.
 * @param learn told what the user said before the session, as it stands in a history
 */
export function scriptedMind(
  answer: (input: MindInput) => string | Reply,
  learn?: (text: string, memory: Map<string, string>) => void,
): Mind {
  return {
    reply: (input) => {
      const reply = answer(input);
      return typeof reply === 'string' ? { say: reply } : reply;
    },
    ...(learn ? { learn } : {}),
  };
}
