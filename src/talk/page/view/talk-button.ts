import { byId } from './elements';
import type { Talk } from '../talk';

/** The big button, and the space bar, as the chosen mode wants them. */
export function talkButton(talk: Talk): void {
  const button = byId<HTMLButtonElement>('talk');
  /** Held down by finger, mouse or key: a click that follows is not another press. */
  let held = false;
  const press = (): void => {
    held = true;
    void talk.begin();
  };
  const release = (): void => {
    if (held) talk.end();
    held = false;
  };

  button.addEventListener('pointerdown', (event) => {
    if (talk.mode !== 'hold' || event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    press();
  });
  for (const type of ['pointerup', 'pointercancel', 'lostpointercapture'])
    button.addEventListener(type, release);
  button.addEventListener('contextmenu', (event) => event.preventDefault()); // a long press is no wish for a menu
  button.addEventListener('click', (event) => {
    // In hold mode a click without a pointer comes from a screen reader, which cannot hold: there it switches.
    if (talk.mode !== 'hold' || (event.detail === 0 && !held)) talk.toggle();
  });

  document.addEventListener('keydown', (event) => {
    if (!talkKey(event, button)) return;
    event.preventDefault();
    if (event.repeat || held) return;
    if (talk.mode === 'hold') press();
    else talk.toggle();
  });
  document.addEventListener('keyup', (event) => {
    if (!talkKey(event, button)) return;
    event.preventDefault(); // the button would make a click of it
    release();
  });
  addEventListener('blur', release); // the key is let go in another window
}

/** Space anywhere where it means nothing else, and Enter on the button itself. */
function talkKey(event: KeyboardEvent, button: HTMLElement): boolean {
  const at = document.activeElement;
  if (event.ctrlKey || event.altKey || event.metaKey) return false;
  if (event.key === 'Enter') return at === button;
  return event.key === ' ' && (at === button || at === document.body || at === null);
}
