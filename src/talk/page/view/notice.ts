import { byId, setText } from './elements';

/** Ways on that a notice may offer. */
export interface Ways {
  /** Typing and sending a recording, in place of the microphone. */
  withoutMicrophone?: boolean;
}

let about = '';

/**
 * Says what happened and what to do next, above the conversation; a new notice takes the place of the one before.
 * @param subject what it is about, so that it goes when that is mended
 */
export function notice(subject: string, title: string, advice: string, ways: Ways = {}): void {
  about = subject;
  setText(byId('notice-title'), title);
  setText(byId('notice-advice'), advice);
  byId('notice-type').hidden = byId('notice-file').hidden = !ways.withoutMicrophone;
  byId('notice').hidden = false;
}

/** @param subject only a notice about this; without it any */
export function dismiss(subject?: string): void {
  if (subject === undefined || subject === about) byId('notice').hidden = true;
}
