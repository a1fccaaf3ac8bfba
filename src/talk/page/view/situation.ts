import type { FloorHolder } from '../../wire';
import type { Talk } from '../talk';
import { byId, setText } from './elements';

/** All that decides what the talk button says. */
export interface Situation {
  /** Connected. */
  open: boolean;
  floor: FloorHolder;
  /** We asked for the floor, and get it when it is free. */
  waiting: boolean;
  /** Who has it, when that is known. */
  name?: string;
  /** The microphone is switched off at the other end. */
  muted: boolean;
  /** An answer plays. */
  playing: boolean;
}

const IDLE = {
  press: 'Press to talk',
  hold: 'Hold to talk',
  'hands-free': 'Press once, then just talk',
} as const;
const LISTENING = {
  press: 'Listening. Press again when you are done',
  hold: 'Listening. Let go when you are done',
  'hands-free': 'Listening. Press to end',
} as const;

type Look = 'away' | 'idle' | 'opening' | 'on' | 'waiting' | 'muted' | 'answering';

/** Shows how things stand: in the look of the button, and in words. */
export function showSituation(now: Situation, talk: Talk): void {
  const look = lookOf(now, talk);
  const button = byId('talk');
  button.dataset['state'] = look;
  button.setAttribute('aria-pressed', String(talk.phase !== 'off'));
  document.body.dataset['activity'] = now.playing && look !== 'on' ? 'answering' : look;
  byId<HTMLButtonElement>('stop').disabled = !now.playing;
  setText(byId('talk-words'), wordsOf(look, now, talk));
}

function lookOf(now: Situation, talk: Talk): Look {
  if (talk.phase === 'opening') return 'opening';
  if (!now.open) return 'away';
  if (talk.phase === 'on') {
    if (now.muted) return 'muted';
    return now.waiting || now.floor === 'other'
      ? 'waiting'
      : now.playing && talk.mode === 'hands-free'
        ? 'answering'
        : 'on';
  }
  return now.playing ? 'answering' : 'idle';
}

function wordsOf(look: Look, now: Situation, talk: Talk): string {
  const other = now.name ?? 'Somebody else';
  switch (look) {
    case 'away':
      return talk.phase === 'on' ? 'Not connected: nobody hears you' : 'Not connected';
    case 'opening':
      return 'Opening the microphone…';
    case 'muted':
      return 'Muted in Node-RED: nobody hears you';
    case 'waiting':
      return `${other} is talking. You are next`;
    case 'on':
      return LISTENING[talk.mode];
    case 'answering':
      return talk.phase === 'on' ? 'Answering. Just talk to interrupt' : `Answering. ${IDLE[talk.mode]}`;
    case 'idle':
      return now.floor === 'other' ? `${other} is talking` : IDLE[talk.mode];
  }
}
