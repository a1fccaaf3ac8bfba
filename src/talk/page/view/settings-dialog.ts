import { type Kind, devices, speakersCanBeChosen } from '../devices';
import { remember, settings } from '../settings';
import { byId } from './elements';

/** Choosing microphone, speaker and camera, and the name that others see. */
export function settingsDialog(changed: (what: Kind | 'name') => void): void {
  const dialog = byId<HTMLDialogElement>('settings');
  const name = byId<HTMLInputElement>('own-name');
  const kinds: Kind[] = ['microphone', 'speaker', 'camera'];
  const select = (kind: Kind): HTMLSelectElement => byId<HTMLSelectElement>(`device-${kind}`);

  const fill = async (): Promise<void> => {
    let known = false;
    for (const kind of kinds) {
      const list = await devices(kind);
      known ||= list.length > 0;
      const options = [{ id: '', label: 'Chosen by the system' }, ...list];
      select(kind).replaceChildren(...options.map(({ id, label }) => new Option(label, id)));
      select(kind).value = list.some(({ id }) => id === settings[kind]) ? settings[kind] : '';
    }
    byId('device-hint').hidden = known;
  };

  for (const kind of kinds) {
    select(kind).addEventListener('change', () => {
      remember({ [kind]: select(kind).value });
      changed(kind);
    });
  }
  for (const part of document.querySelectorAll<HTMLElement>('[data-needs="speakers"]')) {
    part.hidden = !speakersCanBeChosen();
  }
  name.value = settings.name;
  name.addEventListener('change', () => {
    remember({ name: name.value.trim() });
    changed('name');
  });
  byId('settings-open').addEventListener('click', () => {
    void fill();
    dialog.showModal();
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
  navigator.mediaDevices?.addEventListener('devicechange', () => {
    if (dialog.open) void fill();
  });
}
