import { secret } from '../config/editor';
import { fieldId, fieldValue, openDialog, prepareDialog } from '../shared/editor/dialog';
import { h } from '../shared/editor/dom';
import { lists, says } from '../shared/editor/lists';
import { chosenSession, prepareSessions } from '../shared/editor/sessions';
import type { EditorNode } from '../shared/editor/types';

const DIALOG = '.gemini-live-mcp-dialog';
/** Fields that are lists, one entry on each line. */
const LISTS = ['args', 'tools'] as const;
/** What the runtime needs to know to ask the server. */
const PLACE = ['transport', 'command', 'cwd', 'url', 'secretAddress'];
const SECRETS = ['env', 'secretUrl', 'token', 'headers'];

/** Brings the dialog of an mcp node to life. */
export function prepareMcp(node: EditorNode): void {
  const defaults = Object.entries(node._def.defaults ?? {});
  openDialog(node, Object.fromEntries(defaults.map(([field, { value }]) => [field, value])));
  for (const name of LISTS) {
    const area = areaOf(name);
    if (area) area.value = entries(node[name]).join('\n');
  }
  prepareSessions(node);
  document
    .querySelectorAll<HTMLTextAreaElement>(`${DIALOG} [data-secret]`)
    .forEach((area) => secret(node, area));
  prepareDialog(node, lists);
  prepareList(node);
}

/** Takes over what the editor itself does not: lists and the session. */
export function saveMcp(node: EditorNode): void {
  node['session'] = chosenSession(node);
  for (const name of LISTS) node[name] = linesOf(name);
}

/** Whether a field is right: true, or what is wrong. The runtime checks again. */
export function validateMcp(
  node: EditorNode,
  field: 'url' | 'tools' | 'prefix',
  value: unknown,
): true | string {
  const text = String(value ?? '').trim();
  const wrong = (key: string): string => node._def._(`invalid.${key}`);
  if (field === 'tools') return !says(node, 'offer', 'some') || entries(value).length > 0 || wrong('noTools');
  if (field === 'prefix') return text === '' || /^[A-Za-z_][\w.:-]{0,30}$/.test(text) || wrong('prefix');
  if (!says(node, 'transport', 'http') || says(node, 'secretAddress', 'true')) return true;
  if (/^\$\{\S+\}$/.test(text)) return true;
  if (!/^https?:\/\/[^\s/]/i.test(text)) return wrong('address');
  return !/^https?:\/\/[^/?#]*@/i.test(text) || wrong('secretInAddress');
}

function areaOf(name: (typeof LISTS)[number]): HTMLTextAreaElement | null {
  return document.querySelector(`#gemini-live-mcp-${name}`);
}

/** Arguments may have spaces at their ends on purpose; only empty lines mean nothing. */
function linesOf(name: (typeof LISTS)[number]): string[] {
  const lines = (areaOf(name)?.value ?? '').split('\n');
  return (name === 'tools' ? lines.map((line) => line.trim()) : lines).filter((line) => line !== '');
}

function entries(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

interface Tool {
  name: string;
  description: string;
}

interface Answer {
  ok: boolean;
  message?: string;
  tools?: Tool[];
}

/** The button that asks the server, and what it has. */
function prepareList(node: EditorNode): void {
  const button = document.querySelector<HTMLButtonElement>(`${DIALOG} .gemini-live-mcp-list button`);
  const result = document.querySelector<HTMLElement>(`${DIALOG} .gemini-live-mcp-result`);
  const list = document.querySelector<HTMLUListElement>(`${DIALOG} .gemini-live-mcp-list ul`);
  if (!button || !result || !list) return;
  let tools: Tool[] = [];
  const tell = (text: string, problem = false): void => {
    result.textContent = text;
    result.classList.toggle('gemini-live-problem', problem);
  };
  const show = (): void => list.replaceChildren(...rows(node, tools));
  button.addEventListener('click', () => {
    button.disabled = true;
    tell(node._def._('list.running'));
    ask(node)
      .then(
        ({ ok, message = '', tools: found = [] }) => {
          tools = found;
          const count = String(found.length);
          if (!ok) tell(message, true);
          else tell(node._def._(found.length ? 'list.found' : 'list.none', { count }));
          show();
        },
        () => tell(node._def._('list.unreachable'), true),
      )
      .finally(() => (button.disabled = false));
  });
  $(`#${fieldId(node, 'offer')}`).on('change', show);
  areaOf('tools')?.addEventListener('input', show);
}

/** One row for each tool, and for each chosen name that the server does not know. */
function rows(node: EditorNode, tools: Tool[]): HTMLLIElement[] {
  if (tools.length === 0) return [];
  const all = !says(node, 'offer', 'some');
  const chosen = linesOf('tools');
  const gone = all ? [] : chosen.filter((name) => !tools.some((tool) => tool.name === name));
  return [
    ...tools.map((tool) => row(tool, all || chosen.includes(tool.name), all)),
    ...gone.map((name) =>
      row({ name, description: node._def._('list.gone') }, true, false, 'gemini-live-problem'),
    ),
  ];
}

function row({ name, description }: Tool, checked: boolean, fixed: boolean, look = ''): HTMLLIElement {
  const box = h('input', { type: 'checkbox', class: 'gemini-live-check', checked, disabled: fixed });
  box.addEventListener('change', () => choose(name, box.checked));
  const text = h('span', { class: look }, description.split('\n')[0]);
  return h(
    'li',
    { title: description },
    h('label', { class: 'gemini-live-wide' }, box, h('b', {}, name), ' ', text),
  );
}

function choose(name: string, wanted: boolean): void {
  const area = areaOf('tools');
  if (!area) return;
  const others = linesOf('tools').filter((line) => line !== name);
  area.value = (wanted ? [...others, name] : others).join('\n');
  area.dispatchEvent(new Event('input'));
}

async function ask(node: EditorNode): Promise<Answer> {
  const read = (names: string[]): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, fieldValue(node, name)]));
  const body = { id: node.id, fields: { ...read(PLACE), args: linesOf('args') }, credentials: read(SECRETS) };
  try {
    // Relative, so that the editor's own address and login go with it.
    return (await $.ajax({
      url: 'gemini-live/mcp/tools',
      type: 'POST',
      contentType: 'application/json',
      data: JSON.stringify(body),
    })) as Answer;
  } catch (refusal) {
    const message = (refusal as { responseJSON?: { message?: unknown } }).responseJSON?.message;
    if (typeof message !== 'string' || message === '') throw refusal;
    return { ok: false, message };
  }
}
