import { askedFor, shown } from '../show';
import { choice } from './choice';
import type { EditorNode, OptionSources } from './types';

/** Id of the element of a field: config nodes have another prefix. */
export function fieldId(node: EditorNode, field: string): string {
  return `node-${node._def.category === 'config' ? 'config-' : ''}input-${field}`;
}

/** Value of a field: in the node's open dialog what stands there, else what the node has. */
export function fieldValue(node: EditorNode, field: string): unknown {
  const element = document.getElementById(fieldId(node, field));
  // The open dialog may be that of another node of the same type.
  if (element?.closest<HTMLElement>('.gemini-live-dialog')?.dataset.node !== node.id) return node[field];
  if (element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement) return element.value;
  if (element instanceof HTMLInputElement)
    return element.type === 'checkbox' ? element.checked : element.value;
  return node[field];
}

/** Opens the dialog for a node: fields that its flow does not have, being older, show what the runtime takes for them. */
export function openDialog(node: EditorNode, values: Readonly<Record<string, unknown>>): void {
  const dialog = document.querySelector<HTMLElement>(`.${node.type}-dialog`);
  if (dialog) dialog.dataset.node = node.id;
  for (const [field, value] of Object.entries(values)) {
    if (node[field] !== undefined) continue;
    const element = document.getElementById(fieldId(node, field));
    if (element instanceof HTMLInputElement && element.type === 'checkbox') element.checked = value === true;
    else if (element instanceof HTMLSelectElement || element instanceof HTMLInputElement)
      element.value = String(value);
  }
}

/** What conditions ask about beside the fields of the dialog, by names like `@thinking`. */
export interface Facts {
  /** The field that the facts follow from. */
  from: string;
  read(name: string): string;
}

/**
 * Brings a dialog to life by what its elements say of themselves:
 * `data-choice="<list>"` on an input offers a list with a way to type something else;
 * `data-show="<condition>"` on a row shows it only while the condition holds, see `nodes/shared/show.ts`.
 */
export function prepareDialog(node: EditorNode, sources: OptionSources, facts?: Facts): void {
  const id = fieldId(node, '');
  document.querySelectorAll<HTMLInputElement>(`input[id^="${id}"][data-choice]`).forEach((input) => {
    const source = sources[input.dataset.choice ?? ''];
    if (source) choice(node, input, source);
  });
  document
    .querySelectorAll<HTMLElement>(`.${node.type}-dialog [data-show]`)
    .forEach((row) => showWhen(node, row, facts));
}

function showWhen(node: EditorNode, row: HTMLElement, facts?: Facts): void {
  const condition = row.dataset.show ?? '';
  const read = (field: string): string =>
    facts && field.startsWith('@') ? facts.read(field) : String(fieldValue(node, field));
  const update = (): void => {
    row.hidden = !shown(condition, read);
  };
  for (const field of askedFor(condition)) {
    const element = document.getElementById(
      fieldId(node, field.startsWith('@') ? (facts?.from ?? '') : field),
    );
    // jQuery's own events do not reach addEventListener.
    if (element) $(element).on('change input', update);
  }
  update();
}
