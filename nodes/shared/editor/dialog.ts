import { choice } from './choice';
import type { EditorNode, OptionSources } from './types';

/** Id of the element of a field: config nodes have another prefix. */
export function fieldId(node: EditorNode, field: string): string {
  return `node-${node._def.category === 'config' ? 'config-' : ''}input-${field}`;
}

/** Value of a field: in the open dialog what stands there, else what the node has. */
export function fieldValue(node: EditorNode, field: string): unknown {
  const element = document.getElementById(fieldId(node, field));
  if (element instanceof HTMLSelectElement) return element.value;
  if (element instanceof HTMLInputElement)
    return element.type === 'checkbox' ? element.checked : element.value;
  return node[field];
}

/**
 * Brings a dialog to life by what its elements say of themselves:
 * `data-choice="<list>"` on an input offers a list with a way to type something else;
 * `data-show="<field>=<value>|<value>"` on a row shows it only while a field has one of the values.
 */
export function prepareDialog(node: EditorNode, sources: OptionSources): void {
  const id = fieldId(node, '');
  document.querySelectorAll<HTMLInputElement>(`input[id^="${id}"][data-choice]`).forEach((input) => {
    const source = sources[input.dataset.choice ?? ''];
    if (source) choice(node, input, source);
  });
  document
    .querySelectorAll<HTMLElement>(`.${node.type}-dialog [data-show]`)
    .forEach((row) => showWhen(node, row));
}

function showWhen(node: EditorNode, row: HTMLElement): void {
  const [field = '', values = ''] = (row.dataset.show ?? '').split('=');
  const wanted = values.split('|');
  const element = document.getElementById(fieldId(node, field));
  if (!element) return;
  const update = (): void => {
    row.hidden = !wanted.includes(String(fieldValue(node, field)));
  };
  // jQuery's own events do not reach addEventListener.
  $(element).on('change', update);
  update();
}
