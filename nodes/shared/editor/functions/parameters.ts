import { button, h, select } from '../dom';
import type { EditorNode } from '../types';
import { freeName, type Json } from './row';
import {
  allowedText,
  hasAllowed,
  hiddenKeywords,
  readParameters,
  summaryOf,
  typeOf,
  TYPES,
  withAllowed,
  withKeyword,
  withType,
  writeParameters,
  type Parameter,
  type ParameterType,
} from './schema-rows';

/** What the rows of parameters tell the function that they belong to. */
export interface ParameterEvents {
  changed(schema: Json): void;
  /** Somebody wants to see or change what rows cannot show. */
  json(): void;
}

/** The parameters of one function as rows, or as a note where only JSON can show them. */
export class ParameterRows {
  readonly element = h('div', { class: 'gemini-live-parameters' });
  #rows: Parameter[] = [];
  #schema: Json = {};
  #elements = new Map<Parameter, HTMLElement>();

  constructor(
    private readonly node: EditorNode,
    private readonly events: ParameterEvents,
  ) {}

  /** Shows a schema. */
  show(schema: Json): void {
    this.#schema = schema;
    const rows = readParameters(schema);
    this.#rows = rows ?? [];
    this.#elements.clear();
    const add = button({ icon: 'plus', text: this.#text('addParameter') }, () => this.#add());
    const json = button(
      { icon: 'code', text: this.#text('editJson'), title: this.#text('editJsonTitle') },
      () => this.events.json(),
    );
    const buttons = h('div', { class: 'gemini-live-buttons' }, rows && add, json);
    const body = rows
      ? this.#rows.map((row) => this.#row(row))
      : [h('div', { class: 'gemini-live-note' }, this.#text('onlyJson'))];
    this.element.replaceChildren(...body, buttons);
  }

  /** Marks the rows with something wrong in them, by the names of the parameters. */
  mark(wrong: ReadonlySet<string>): void {
    for (const [row, element] of this.#elements)
      element.classList.toggle('gemini-live-wrong-row', wrong.has(row.name));
  }

  #text(key: string): string {
    return this.node._def._(`functions.${key}`);
  }

  #changed(): void {
    this.#schema = writeParameters(this.#schema, this.#rows);
    this.events.changed(this.#schema);
  }

  #add(): void {
    const name = freeName(
      'parameter',
      this.#rows.map((row) => row.name),
    );
    const row: Parameter = { name, required: true, schema: { type: 'string' } };
    this.#rows.push(row);
    const element = this.#row(row);
    this.element.lastElementChild?.before(element);
    element.querySelector('input')?.select();
    element.scrollIntoView({ block: 'nearest' });
    this.#changed();
  }

  #remove(row: Parameter): void {
    this.#rows = this.#rows.filter((other) => other !== row);
    this.#elements.get(row)?.remove();
    this.#elements.delete(row);
    this.#changed();
  }

  #row(row: Parameter): HTMLElement {
    const name = this.#name(row);
    const value = h('span', { class: 'gemini-live-parameter-value' });
    const description = h('input', {
      type: 'text',
      class: 'gemini-live-parameter-description',
      placeholder: this.#text('parameterDescription'),
    });
    const show = (): void => {
      const { schema } = row;
      value.replaceChildren(...this.#value(row));
      const text =
        typeof schema === 'object' && schema !== null ? (schema as Json)['description'] : undefined;
      description.value = typeof text === 'string' ? text : '';
    };
    description.addEventListener('input', () => {
      row.schema = withKeyword(row.schema, 'description', description.value);
      this.#changed();
    });
    show();
    const element = h(
      'div',
      { class: 'gemini-live-parameter' },
      h('div', {}, name, this.#type(row, show), this.#required(row), this.#removeButton(row)),
      h('div', {}, value, description),
    );
    this.#elements.set(row, element);
    return element;
  }

  /** Names are keys: one that is taken, or empty, gives way when the field is left. */
  #name(row: Parameter): HTMLInputElement {
    const input = h('input', {
      type: 'text',
      class: 'gemini-live-parameter-name',
      value: row.name,
      placeholder: this.#text('parameterName'),
      title: this.#text('parameterName'),
      spellcheck: false,
    });
    const taken = (): string[] => this.#rows.filter((other) => other !== row).map((other) => other.name);
    input.addEventListener('input', () => {
      const wanted = input.value.trim();
      if (wanted === '' || taken().includes(wanted)) return;
      row.name = wanted;
      this.#changed();
    });
    input.addEventListener('change', () => {
      row.name = freeName(input.value.trim() || row.name, taken());
      input.value = row.name;
      this.#changed();
    });
    return input;
  }

  #type(row: Parameter, show: () => void): HTMLSelectElement {
    const now = typeOf(row.schema);
    /** What a type looked like when it was left, so that a wrong click costs nothing. */
    const left = new Map<string, unknown>([[now ?? '', row.schema]]);
    const options = TYPES.map((value) => ({ value: value as string, label: this.#text(`type.${value}`) }));
    if (!now) options.unshift({ value: '', label: this.#text('type.json') });
    let last = now ?? '';
    const element = select(options, last, (type) => {
      left.set(last, row.schema);
      last = type;
      row.schema = left.get(type) ?? withType(row.schema, type as ParameterType);
      show();
      this.#changed();
    });
    element.title = this.#text('parameterType');
    return element;
  }

  #required(row: Parameter): HTMLLabelElement {
    const input = h('input', { type: 'checkbox', checked: row.required });
    input.addEventListener('change', () => {
      row.required = input.checked;
      this.#changed();
    });
    const label = h('label', { class: 'gemini-live-parameter-required' }, input, this.#text('required'));
    label.title = this.#text('requiredTitle');
    return label;
  }

  /** Allowed values, or what the row cannot show. */
  #value(row: Parameter): HTMLElement[] {
    if (!hasAllowed(row.schema)) {
      if (typeOf(row.schema) === 'boolean') return [];
      const text = [summaryOf(row.schema), this.#text('asJson')].filter(Boolean).join(' · ');
      return [button({ icon: 'code', text, title: this.#text('editJsonTitle') }, () => this.events.json())];
    }
    const numeric = typeOf(row.schema) !== 'string';
    const input = h('input', {
      type: 'text',
      value: allowedText(row.schema),
      placeholder: this.#text(numeric ? 'allowedNumbers' : 'allowed'),
      title: this.#text(numeric ? 'allowedNumbersTitle' : 'allowedTitle'),
      spellcheck: false,
    });
    input.addEventListener('input', () => {
      if (!hasAllowed(row.schema)) return;
      row.schema = withAllowed(row.schema, input.value);
      this.#changed();
    });
    const more = hiddenKeywords(row.schema);
    if (more.length === 0) return [input];
    const title = this.node._def._('functions.moreKeywords', { keywords: more.join(', ') });
    return [input, button({ icon: 'code', title }, () => this.events.json())];
  }

  #removeButton(row: Parameter): HTMLButtonElement {
    return button({ icon: 'remove', title: this.#text('removeParameter') }, () => this.#remove(row));
  }
}
