import { byId } from './elements';

/** Typing and sending a recording: the ways that need no microphone. */
export function typing(hooks: { text(text: string): void; file(file: File): void; open(): boolean }): void {
  const text = byId<HTMLInputElement>('text');
  const file = byId<HTMLInputElement>('file');
  byId('typing').addEventListener('submit', (event) => {
    event.preventDefault();
    const typed = text.value.trim();
    if (typed === '' || !hooks.open()) return; // what was typed stays there until it can be sent
    hooks.text(typed);
    text.value = '';
  });
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    if (chosen) hooks.file(chosen);
    file.value = ''; // the same one may be sent again
  });
  for (const id of ['attach', 'notice-file']) byId(id).addEventListener('click', () => file.click());
  byId('notice-type').addEventListener('click', () => text.focus());
}
