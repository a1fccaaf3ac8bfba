import { FunctionList } from '../shared/editor/functions/list';
import { chosenSession } from '../shared/editor/sessions';
import type { EditorNode } from '../shared/editor/types';

const lists = new WeakMap<EditorNode, FunctionList>();

/** Brings the dialog of a tools node to life. */
export function prepareTools(node: EditorNode): void {
  const dialog = document.querySelector('.gemini-live-tools-dialog');
  const list = dialog?.querySelector<HTMLElement>('.gemini-live-functions');
  const outputs = dialog?.querySelector<HTMLInputElement>('#node-input-outputs');
  const inputs = dialog?.querySelector<HTMLInputElement>('#node-input-inputs');
  if (list && outputs && inputs) lists.set(node, new FunctionList(node, { list, outputs, inputs }));
}

/** Takes over what stands in the dialog. The editor itself does so for outputs and inputs. */
export function saveTools(node: EditorNode): void {
  node['session'] = chosenSession(node);
  const rows = lists.get(node)?.rows();
  if (rows) node['functions'] = rows;
}
