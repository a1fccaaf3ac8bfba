import { button, h, select } from '../dom';
import type { EditorNode } from '../types';
import { modelNote } from './model-note';
import { ParameterRows } from './parameters';
import { problemList, problemText, showProblems, type Problem } from './problem-list';
import { readParameters } from './schema-rows';
import type { FunctionRow } from './row';

/** What a function tells the list that it is in. */
export interface FunctionEvents {
  changed(): void;
  remove(): void;
  json(): void;
}

/** One function of the list: a line that opens to all its fields. What is typed goes into the row at once. */
export class FunctionView {
  readonly element: HTMLElement;
  readonly #body = h('div', { class: 'gemini-live-function-body' });
  readonly #toggle: HTMLButtonElement;
  readonly #title = h('span', { class: 'gemini-live-function-title' });
  readonly #summary = h('span', { class: 'gemini-live-function-summary' });
  readonly #warning = h('i', { class: 'fa fa-exclamation-triangle gemini-live-problem' });
  private readonly problemLists = { name: problemList(), parameters: problemList(), settings: problemList() };
  readonly #name: HTMLInputElement;
  readonly #parameters: ParameterRows;
  readonly #more: HTMLElement;

  constructor(
    private readonly node: EditorNode,
    readonly row: FunctionRow,
    private readonly events: FunctionEvents,
  ) {
    this.#toggle = h('button', { type: 'button', class: 'gemini-live-function-toggle' });
    this.#toggle.append(h('i', { class: 'fa fa-chevron-right' }), this.#title, this.#summary);
    this.#toggle.addEventListener('click', () => this.open(this.#body.hidden === true));
    const head = h(
      'div',
      { class: 'gemini-live-function-head' },
      h('i', { class: 'fa fa-bars gemini-live-function-handle', title: this.#text('sort') }),
      this.#toggle,
      this.#warning,
      button({ icon: 'remove', title: this.#text('remove') }, () => events.remove()),
    );
    this.#name = h('input', { type: 'text', spellcheck: false, placeholder: this.#text('namePlaceholder') });
    this.#parameters = new ParameterRows(node, {
      changed: (schema) => {
        row.parameters = schema;
        this.#changed();
      },
      json: () => events.json(),
    });
    this.#more = this.#settings();
    this.#build();
    this.element = h('div', { class: 'gemini-live-function' }, head, this.#body);
    this.open(false);
  }

  /** Shows or hides the fields. */
  open(open: boolean): void {
    this.#body.hidden = !open;
    this.#toggle.setAttribute('aria-expanded', String(open));
    this.element.classList.toggle('gemini-live-open', open);
  }

  /** Opens it with the name ready to be typed over. */
  focus(): void {
    this.open(true);
    this.element.scrollIntoView({ block: 'nearest' });
    this.#name.focus();
    this.#name.select();
  }

  /** Shows what the row holds now, after somebody else changed it. */
  show(): void {
    this.#build();
    this.#headline();
  }

  /** Tells what is wrong, beside the fields that it is about and on the closed line. */
  problems(problems: readonly Problem[]): void {
    const at = ({ path }: Problem): keyof typeof this.problemLists =>
      /^(timeout|confirmTimeout)$/.test(path)
        ? 'settings'
        : /^(properties|required)\b/.test(path)
          ? 'parameters'
          : 'name';
    for (const [place, list] of Object.entries(this.problemLists))
      showProblems(
        list,
        problems.filter((problem) => at(problem) === place),
      );
    this.#warning.hidden = problems.length === 0;
    this.#warning.title = problems.map(problemText).join('\n');
    this.#name.classList.toggle(
      'input-error',
      problems.some(({ path }) => path === 'name'),
    );
    this.#parameters.mark(new Set(problems.map(({ path }) => /^properties\.([^.[]+)/.exec(path)?.[1] ?? '')));
  }

  #text(key: string): string {
    return this.node._def._(`functions.${key}`);
  }

  #changed(): void {
    this.#headline();
    this.events.changed();
  }

  /** The closed line: name, parameters, description. */
  #headline(): void {
    const { row } = this;
    this.#title.textContent = row.name || this.#text('unnamed');
    const names = readParameters(row.parameters)?.map(({ name }) => name) ?? ['…'];
    const asks = row.confirm === '' ? '' : ` · ${this.#text(`asks.${row.confirm}`)}`;
    this.#summary.textContent = `(${names.join(', ')}) ${row.description}${asks}`;
  }

  #build(): void {
    const { row } = this;
    const description = h('textarea', {
      rows: 2,
      value: row.description,
      placeholder: this.#text('descriptionPlaceholder'),
    });
    description.addEventListener('input', () => {
      row.description = description.value;
      this.#changed();
    });
    this.#name.value = row.name;
    this.#name.oninput = () => {
      row.name = this.#name.value.trim();
      this.#changed();
    };
    this.#parameters.show(row.parameters);
    this.#body.replaceChildren(
      this.#field('name', this.#name),
      this.problemLists.name,
      this.#field('description', description),
      this.#field('parameters', this.#parameters.element),
      this.problemLists.parameters,
      this.#more,
      this.problemLists.settings,
    );
    this.#headline();
  }

  #field(label: string, element: HTMLElement, hidden = false): HTMLElement {
    const text = this.#text(label);
    element.ariaLabel = text;
    return h('div', { class: 'gemini-live-field', hidden }, h('span', {}, text), element);
  }

  /** How calls are answered, and who is asked before: closed while all of it is as usual. */
  #settings(): HTMLElement {
    const { row } = this;
    const fields = h('div');
    const show = (): void => {
      const asks = row.confirm !== '';
      fields.replaceChildren(
        this.#field('confirm', this.#choice('confirm', ['', 'flow', 'voice'], show)),
        this.#field('question', this.#question(), !asks),
        this.#field('confirmTimeout', this.#seconds('confirmTimeout', '30'), !asks),
        this.#field('behavior', this.#choice('behavior', ['', 'BLOCKING', 'NON_BLOCKING'], show)),
        this.#field(
          'scheduling',
          this.#choice('scheduling', ['', 'WHEN_IDLE', 'INTERRUPT', 'SILENT'], show),
          row.behavior === 'BLOCKING',
        ),
        h('div', { class: 'gemini-live-note' }, modelNote(this.node, row)),
        this.#field('timeout', this.#seconds('timeout', row.behavior === 'NON_BLOCKING' ? '600' : '30')),
      );
    };
    show();
    const usual = [row.behavior, row.scheduling, row.timeout, row.confirm].every((value) => value === '');
    return h('details', { open: !usual }, h('summary', {}, this.#text('more')), fields);
  }

  #choice(
    name: 'behavior' | 'scheduling' | 'confirm',
    values: string[],
    then: () => void,
  ): HTMLSelectElement {
    const options = values.map((value) => ({ value, label: this.#text(`${name}Is.${value || 'own'}`) }));
    return select(options, this.row[name], (value) => {
      Object.assign(this.row, { [name]: value });
      then();
      this.#changed();
    });
  }

  #seconds(name: 'timeout' | 'confirmTimeout', placeholder: string): HTMLElement {
    const input = h('input', { type: 'text', value: String(this.row[name] ?? ''), placeholder });
    input.addEventListener('input', () => {
      const text = input.value.trim();
      const value = text === '' || Number.isNaN(Number(text)) ? text : Number(text);
      Object.assign(this.row, { [name]: value });
      if (name === 'confirmTimeout' && value === '') delete this.row.confirmTimeout;
      this.#changed();
    });
    const unit = h('span', { class: 'gemini-live-unit' }, this.#text('seconds'));
    return h('span', { class: 'gemini-live-seconds' }, input, unit);
  }

  #question(): HTMLInputElement {
    const input = h('input', {
      type: 'text',
      value: this.row.question ?? '',
      placeholder: this.#text('questionPlaceholder'),
    });
    input.addEventListener('input', () => {
      this.row.question = input.value;
      this.#changed();
    });
    return input;
  }
}
