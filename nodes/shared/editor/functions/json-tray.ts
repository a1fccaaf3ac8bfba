import { h } from '../dom';
import { problemList, showProblems, type Problem } from './problem-list';

/** A JSON text that is edited beside the dialog. */
export interface JsonTray {
  title: string;
  /** What may be put here. */
  hint: string;
  value: string;
  /** Asked while one types: as long as something is wrong, the text is not taken. */
  check(text: string): Problem[];
  done(text: string): void;
}

const TYPE = 'gemini-live-json';
/** Between the last key and the check (ms). */
const PAUSE_MS = 200;

/** Opens the editor's own JSON editor in a tray beside the dialog, with the mistakes under it. */
export function openJsonTray(tray: JsonTray): void {
  RED.editor.registerTypeEditor(TYPE, {
    show: (options) => RED.tray.show(trayOptions(tray, options)),
  });
  RED.editor.showTypeEditor(TYPE, { title: tray.title });
}

function trayOptions(
  { title, hint, value, check, done }: JsonTray,
  { onclose }: { onclose?(): void },
): TrayOptions {
  const text = h('div', { id: 'gemini-live-json-text' });
  const problems = problemList();
  let editor: CodeEditor | undefined;
  let timer = 0;
  const wrong = (): boolean => {
    const found = check(editor?.getValue() ?? '');
    showProblems(problems, found);
    document.getElementById('node-dialog-ok')?.classList.toggle('disabled', found.length > 0);
    return found.length > 0;
  };
  return {
    title,
    width: 600,
    focusElement: false,
    buttons: [
      { id: 'node-dialog-cancel', text: RED._('common.label.cancel'), click: () => RED.tray.close() },
      {
        id: 'node-dialog-ok',
        text: RED._('common.label.done'),
        class: 'primary',
        click: () => {
          if (wrong()) return;
          done(editor?.getValue() ?? '');
          RED.tray.close();
        },
      },
    ],
    open(tray) {
      const body = h('div', { class: 'gemini-live-json' }, h('p', {}, hint), text, problems);
      tray.find('.red-ui-tray-body').append(body);
      editor = RED.editor.createEditor({ id: text.id, mode: 'ace/mode/json', value, focus: true });
      editor.getSession().on('change', () => {
        window.clearTimeout(timer);
        timer = window.setTimeout(wrong, PAUSE_MS);
      });
      wrong();
    },
    resize: () => editor?.resize(),
    close() {
      window.clearTimeout(timer);
      onclose?.();
      editor?.destroy();
    },
  };
}
