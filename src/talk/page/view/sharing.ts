import type { FloorHolder } from '../../wire';
import { byId } from './elements';

type Source = 'camera' | 'screen' | 'off';

/** The buttons of camera and screen. */
export interface Sharing {
  readonly source: Source;
  /** What is shared now. */
  show(source: Source): void;
  /** Whose pictures are looked at. */
  looked(who: FloorHolder): void;
}

/** @param chosen what is to be shared from now on */
export function sharing(chosen: (source: Source) => void): Sharing {
  let source: Source = 'off';
  for (const each of ['camera', 'screen'] as const) {
    byId(each).addEventListener('click', () => chosen(source === each ? 'off' : each));
  }
  // Phones have no screen to share; without HTTPS the button says why there is none.
  byId('screen').hidden = window.isSecureContext && !('getDisplayMedia' in (navigator.mediaDevices ?? {}));
  return {
    get source() {
      return source;
    },
    show: (now) => {
      source = now;
      for (const each of ['camera', 'screen'] as const) {
        byId(each).setAttribute('aria-pressed', String(each === now));
      }
    },
    looked: (who) => byId('sees').classList.toggle('unseen-here', who === 'other' && source !== 'off'),
  };
}
