import { h } from '../dom';
import type { Problem } from './problems';

export type { Problem };

/** Room for what is wrong; not to be seen while nothing is. */
export function problemList(): HTMLElement {
  return h('div', { class: 'gemini-live-problems' });
}

/** Fills it, one line for each. */
export function showProblems(list: HTMLElement, problems: readonly Problem[]): void {
  const lines = problems.map(({ path, problem }) =>
    h('div', {}, path !== '' && h('code', {}, path), path !== '' && ': ', problem),
  );
  list.replaceChildren(...lines);
}

/** The same as plain text. */
export function problemText({ path, problem }: Problem): string {
  return [path, problem].filter(Boolean).join(': ');
}
