import type { EditorNode, Option, OptionSource } from './types';

/** Stands for "something else", which is typed into the field itself; no real value begins like this. */
const OTHER = '\u0000other';

/**
 * Puts a list before a text field: what is chosen there goes into the field, which shows only for something that is not in
 * the list. `data-refresh` on the field adds a button that asks again, `data-other` names the text of the last entry;
 * empty, only what is listed can be chosen.
 */
export function choice(node: EditorNode, input: HTMLInputElement, source: OptionSource): void {
  const line = document.createElement('div');
  line.className = 'gemini-live-choice';
  const select = document.createElement('select');
  select.id = `${input.id}-choice`;
  input.before(line);
  line.append(select);
  if (input.dataset.refresh !== undefined) line.append(refreshButton(node, () => fill(true)));
  // The label must lead to what is visible.
  document.querySelector(`label[for="${input.id}"]`)?.setAttribute('for', select.id);

  const closed = input.dataset.other === '';
  /** What stands under the options: something to type, or, where that cannot be, what was chosen when it still existed. */
  const last = (known: boolean): Option[] => {
    if (!closed) return [{ value: OTHER, label: node._def._(input.dataset.other ?? 'choice.other') }];
    return known ? [] : [{ value: input.value, label: input.value }];
  };
  const show = (): void => {
    input.hidden = select.value !== OTHER;
  };
  const list = (options: Option[]): void => {
    const known = options.some(({ value }) => value === input.value);
    const all = [...options, ...last(known)];
    select.replaceChildren(...all.map(({ value, label }) => new window.Option(label, value)));
    select.value = known || closed ? input.value : OTHER;
    show();
  };
  const fill = (refresh: boolean): void => {
    const options = source(node, refresh);
    if (Array.isArray(options)) return list(options);
    // Until the answer comes, what is set already can be seen and kept.
    const now = input.value;
    list([{ value: now, label: now || node._def._('choice.loading') }]);
    options.then(list, () => list([{ value: '', label: node._def._('choice.default') }]));
  };
  select.addEventListener('change', () => {
    if (select.value === OTHER) {
      show();
      input.focus();
      return;
    }
    input.value = select.value;
    show();
    $(input).trigger('change');
  });
  fill(false);
}

function refreshButton(node: EditorNode, refresh: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'red-ui-button';
  button.title = node._def._('choice.refresh');
  button.innerHTML = '<i class="fa fa-refresh"></i>';
  button.addEventListener('click', refresh);
  return button;
}
