import { fieldWarnings } from '../../src/protocol/fit';
import { fieldId, fieldValue, openDialog, prepareDialog } from '../shared/editor/dialog';
import { lists } from '../shared/editor/lists';
import type { EditorNode } from '../shared/editor/types';
import { FIELDS, type FieldName } from './fields';
import { liveConfig } from './live-config';
import { problemOf, Values, type Problem } from './values';

const DIALOG = '.gemini-live-config-dialog';

/** Values of the open dialog, or of a node that is not open. */
function valuesOf(node: EditorNode): Values {
  return new Values((name) => fieldValue(node, name));
}

/** Why a field cannot be used. What is hidden can: it is not used. */
export function configProblem(node: EditorNode, name: FieldName, value: unknown): Problem | undefined {
  return valuesOf(node).applies(name) ? problemOf(FIELDS[name], value) : undefined;
}

/** Brings the dialog of the config node to life. */
export function prepareConfig(node: EditorNode): void {
  const missing = Object.entries(FIELDS).map(([name, field]) => [name, field.missing ?? field.value]);
  openDialog(node, Object.fromEntries(missing.filter(([name]) => !FIELDS[name as FieldName].credential)));
  tabs(node);
  document
    .querySelectorAll<HTMLTextAreaElement>(`${DIALOG} [data-secret]`)
    .forEach((area) => secret(node, area));
  prepareDialog(node, lists, { from: 'model', read: (name) => valuesOf(node).fact(name) });
  warnings(node);
  testButton(node);
}

/** One tab for each `data-tab`, with a mark where something is wrong in it. */
function tabs(node: EditorNode): void {
  const pages = [...document.querySelectorAll<HTMLElement>(`${DIALOG} [data-tab]`)];
  const idOf = (page: HTMLElement): string => `gemini-live-config-tab-${page.dataset.tab}`;
  const all = RED.tabs.create({
    id: 'gemini-live-config-tabs',
    onchange: ({ id }) => pages.forEach((page) => (page.hidden = idOf(page) !== id)),
  });
  for (const page of pages) all.addTab({ id: idOf(page), label: node._def._(`tab.${page.dataset.tab}`) });
  const mark = (): void => {
    for (const page of pages) {
      const names = (Object.keys(FIELDS) as FieldName[]).filter((name) =>
        page.querySelector(`#${fieldId(node, name)}`),
      );
      const wrong = names.some((name) => configProblem(node, name, fieldValue(node, name)));
      document.getElementById(`red-ui-tab-${idOf(page)}`)?.classList.toggle('gemini-live-wrong', wrong);
    }
  };
  whenChanged(mark);
  mark();
}

function whenChanged(then: () => void): void {
  $(DIALOG).on('change keyup paste', () => then());
}

/** A secret of several lines that is saved already is not shown; it can be replaced. */
export function secret(node: EditorNode, area: HTMLTextAreaElement): void {
  if (area.value === '') return;
  const line = document.createElement('span');
  line.className = 'gemini-live-saved';
  line.append(`${node._def._('secret.saved')} `);
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'red-ui-button red-ui-button-small';
  button.textContent = node._def._('secret.replace');
  button.addEventListener('click', () => {
    line.remove();
    area.hidden = false;
    area.value = '';
    $(area).trigger('change');
    area.focus();
  });
  line.append(button);
  area.hidden = true;
  area.before(line);
}

/** What the model will not do, under its name, while one types. */
function warnings(node: EditorNode): void {
  const list = document.querySelector(`${DIALOG} .gemini-live-warnings`);
  const show = (): void => {
    const items = warningsOf(node).map((text) => {
      const item = document.createElement('li');
      item.textContent = text;
      return item;
    });
    list?.replaceChildren(...items);
  };
  whenChanged(show);
  show();
}

/** A field that is wrong in itself shows so, and is left out here. */
function warningsOf(node: EditorNode): string[] {
  const values = new Values((name) => {
    const value = fieldValue(node, name);
    return problemOf(FIELDS[name], value) ? '' : value;
  });
  const backend = fieldValue(node, 'endpoint') === 'vertex' ? 'vertex' : 'gemini';
  const apiVersion = values.text('apiVersion') || undefined;
  const all = fieldWarnings(values.profile, liveConfig(values), { backend, apiVersion });
  return all.map(({ path, message }) => {
    const name = fieldAt(path);
    return name ? `${node._def._(`label.${name}`)}: ${message.replace(NOT_SENT, '')}` : message;
  });
}

/** How a warning about something that was sent begins; here nothing was sent yet. */
const NOT_SENT = /^"[^"]*" (\([^)]*\) )?was not sent: /;

/** Fields that are called otherwise in the configuration. */
const NAMES: Readonly<Record<string, FieldName>> = {
  voiceName: 'voice',
  languageCode: 'language',
  systemInstruction: 'instructions',
  responseModalities: 'modality',
  translationConfig: 'translateTo',
  enableAffectiveDialog: 'affective',
  proactivity: 'proactive',
  explicitVadSignal: 'explicitVad',
};

/** The field of the dialog that a path of the configuration belongs to. */
function fieldAt(path: string): FieldName | undefined {
  const last = path.slice(path.lastIndexOf('.') + 1);
  return NAMES[last] ?? (last in FIELDS ? (last as FieldName) : undefined);
}

/** Asks the runtime to connect with what stands in the dialog, saved or not. */
function testButton(node: EditorNode): void {
  const button = document.querySelector<HTMLButtonElement>(`${DIALOG} .gemini-live-test button`);
  const result = document.querySelector<HTMLElement>(`${DIALOG} .gemini-live-result`);
  if (!button || !result) return;
  const tell = (text: string, look: '' | 'good' | 'problem' = ''): void => {
    result.textContent = text;
    result.className = `gemini-live-result ${look && `gemini-live-${look}`}`;
  };
  button.addEventListener('click', () => {
    button.disabled = true;
    tell(node._def._('test.running'));
    askForTest(node)
      .then(
        ({ ok, message }) => tell(message, ok ? 'good' : 'problem'),
        () => tell(node._def._('test.unreachable'), 'problem'),
      )
      .finally(() => (button.disabled = false));
  });
  // A result about other values says nothing.
  whenChanged(() => tell(''));
}

interface TestAnswer {
  ok: boolean;
  message: string;
}

async function askForTest(node: EditorNode): Promise<TestAnswer> {
  const names = Object.keys(FIELDS) as FieldName[];
  const of = (credential: boolean): Record<string, unknown> =>
    Object.fromEntries(
      names
        .filter((name) => (FIELDS[name].credential !== undefined) === credential)
        .map((name) => [name, document.getElementById(fieldId(node, name)) ? fieldValue(node, name) : '']),
    );
  const body = { id: node.id, fields: of(false), credentials: of(true) };
  try {
    // Relative, so that the editor's own address and login go with it.
    return (await $.ajax({
      url: 'gemini-live/config/test',
      type: 'POST',
      contentType: 'application/json',
      data: JSON.stringify(body),
    })) as TestAnswer;
  } catch (refusal) {
    // Too many tests, for instance: the runtime is there, and says why not.
    const message = (refusal as { responseJSON?: { message?: unknown } }).responseJSON?.message;
    if (typeof message !== 'string' || message === '') throw refusal;
    return { ok: false, message };
  }
}
