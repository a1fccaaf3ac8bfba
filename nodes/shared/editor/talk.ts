import { isPageName } from '../../../src/talk/routes';
import { fieldId, fieldValue } from './dialog';
import { h } from './dom';
import { says } from './lists';
import type { EditorNode } from './types';

interface Answer {
  /** Where the editor and the pages are, as Node-RED itself sees them. */
  admin?: string;
  path?: string;
  pin?: string;
  problem?: string;
}

/** What is used where nothing is entered. */
const DEFAULT_PAGE = 'talk';

/** Fills the line of the dialog that leads to the talk page, and says the PIN. */
export function prepareTalk(node: EditorNode): void {
  const line = document.querySelector<HTMLElement>(`.${node.type}-dialog .gemini-live-talk`);
  if (!line) return;
  const show = (answer: Answer): void => {
    line.classList.toggle('gemini-live-problem', answer.problem !== undefined);
    if (answer.path === undefined) return line.replaceChildren(answer.problem ?? '');
    const name = String(fieldValue(node, 'page') ?? '').trim() || DEFAULT_PAGE;
    const href = `${addressOf(answer.admin ?? '/', answer.path)}/${encodeURIComponent(name)}`;
    const link = h('a', { href, target: '_blank', rel: 'noopener' }, node._def._('talk.open'));
    const pin = answer.pin ? node._def._('talk.pin', { pin: answer.pin }) : node._def._('talk.login');
    line.replaceChildren(link, h('span', {}, ` · ${pin}`));
  };
  $.getJSON('gemini-live/talk').then(
    (answer: Answer) => {
      show(answer);
      $(`#${fieldId(node, 'page')}`).on('change input', () => show(answer));
    },
    () => show({ problem: node._def._('talk.unknown') }),
  );
}

/** Whether a page may be called so. @param values of `field` with which there is a page */
export function pageProblem(
  node: EditorNode,
  value: unknown,
  field: string,
  ...values: string[]
): string | undefined {
  if (!says(node, field, ...values)) return undefined;
  const name = typeof value === 'string' ? value.trim() : '';
  // A variable of the environment may bring it.
  if (name === '' || /^\$\{.*\}$/.test(name) || isPageName(name)) return undefined;
  return node._def._('invalid.page');
}

/** A reverse proxy may have put the editor below a path that Node-RED does not know: the pages are below the same. */
function addressOf(admin: string, path: string): string {
  const here = location.pathname.replace(/[^/]*$/, '');
  const before = here.endsWith(admin) ? here.slice(0, -admin.length) : '';
  return `${before}${path}`;
}
