import type { EditorNode } from '../types';
import { openJsonTray } from './json-tray';
import { readPasted } from './pasted';
import { outputMap } from './ports';
import { declarationProblems, functionProblems, type Problem, type Translate } from './problems';
import { emptyFunction, freeName, functionRows, type FunctionRow } from './row';
import { FunctionView } from './view';

/** What the editor's list keeps for each of its lines. */
interface Item {
  row: FunctionRow;
  /** Index that the function had when the dialog was opened. */
  origin?: number;
  view: FunctionView;
}

/** What a line begins with: the list's own button gives nothing. */
type NewItem = Partial<Item>;

/** Where the list stands in the dialog. Elements, not ids: a dialog is out of the document while another lies over it. */
export interface FunctionListElements {
  list: HTMLElement;
  outputs: HTMLInputElement;
  inputs: HTMLInputElement;
}

/** The functions of a node: a sortable list whose outputs keep their wires. */
export class FunctionList {
  readonly #before: { functions: number; confirm: boolean };
  readonly #translate: Translate;
  #filled = false;

  constructor(
    private readonly node: EditorNode,
    private readonly at: FunctionListElements,
  ) {
    this.#translate = (key, values) => node._def._(key, values);
    const rows = functionRows(node['functions']);
    this.#before = { functions: rows.length, confirm: asksFlow(rows) };
    $(at.list).editableList({
      addButton: this.#translate('functions.add'),
      buttons: [
        {
          label: this.#translate('functions.import'),
          icon: 'fa fa-download',
          title: this.#translate('functions.importTitle'),
          click: () => this.#import(),
        },
      ],
      height: 'auto',
      scrollOnAdd: false,
      sortable: '.gemini-live-function-handle',
      addItem: (container: JQuery, _index: number, item: NewItem) => this.#added(container, item),
      removeItem: () => this.#changed(),
      sortItems: () => this.#changed(),
    });
    rows.forEach((row, origin) => this.#add({ row, origin }));
    this.#filled = true;
    this.#changed();
    if (rows.length === 1) this.#items()[0]?.view?.open(true);
  }

  /** The functions as they stand in the dialog. */
  rows(): FunctionRow[] {
    return this.#items().map(({ row }) => structuredClone(row));
  }

  #items(): Item[] {
    const items: Item[] = [];
    $(this.at.list)
      .editableList('items')
      .each((_index: number, content: JQuery) => void items.push($(content).data('data') as Item));
    return items;
  }

  #add(item: NewItem): void {
    $(this.at.list).editableList('addItem', item);
  }

  #added(container: JQuery, item: NewItem): void {
    const fresh = item.row === undefined;
    const row = (item.row ??= emptyFunction(freeName('new_function', this.#names(item))));
    item.view = new FunctionView(this.node, row, {
      changed: () => this.#changed(),
      remove: () => $(this.at.list).editableList('removeItem', item),
      json: () => this.#editJson(item as Item),
    });
    container.append(item.view.element);
    if (fresh) this.#only(item.view);
    if (this.#filled) this.#changed();
  }

  #names(except?: NewItem): string[] {
    return this.#items().flatMap((item) => (item === except ? [] : [item.row.name]));
  }

  /** Opens one function to be edited, and no other. */
  #only(view: FunctionView): void {
    for (const other of this.#items()) other.view.open(false);
    view.focus();
  }

  /** Tells the editor of the outputs, and each function what is wrong with it. */
  #changed(): void {
    if (!this.#filled) return;
    const items = this.#items();
    const rows = items.map(({ row }) => row);
    const confirm = asksFlow(rows);
    const map = outputMap(this.#before, { origins: items.map(({ origin }) => origin), confirm });
    this.at.outputs.value = JSON.stringify(map);
    this.at.inputs.value = confirm ? '1' : '0';
    const problems = functionProblems(rows, this.#translate);
    items.forEach(({ view }, index) => view.problems(problems[index] ?? []));
  }

  /** The parameters of one function as JSON; whole functions can be pasted there as well. */
  #editJson(item: Item): void {
    const { row, view } = item;
    openJsonTray({
      title: this.#translate('functions.jsonOf', { name: row.name }),
      hint: this.#translate('functions.jsonHint'),
      value: JSON.stringify(row.parameters, null, 2),
      check: (text) => this.#check(text, row),
      done: (text) => {
        const pasted = readPasted(text);
        if ('schema' in pasted) row.parameters = pasted.schema;
        if ('functions' in pasted) {
          const mine = pasted.functions.find(({ name }) => name === row.name) ?? pasted.functions[0];
          if (mine) take(row, mine);
          this.#takeAll(pasted.functions.filter((other) => other !== mine));
        }
        view.show();
        this.#changed();
      },
    });
  }

  /** Functions from elsewhere. */
  #import(): void {
    openJsonTray({
      title: this.#translate('functions.importTitle'),
      hint: this.#translate('functions.importHint'),
      value: '',
      check: (text) => (text.trim() === '' ? [] : this.#check(text)),
      done: (text) => {
        const pasted = readPasted(text);
        if ('functions' in pasted) this.#takeAll(pasted.functions);
        if ('schema' in pasted && text.trim() !== '') {
          const row = {
            ...emptyFunction(freeName('new_function', this.#names())),
            parameters: pasted.schema,
          };
          this.#takeAll([row]);
        }
      },
    });
  }

  /** A function that is there already gets what was imported, and keeps its settings and wires. */
  #takeAll(functions: readonly FunctionRow[]): void {
    for (const pasted of functions) {
      const known = this.#items().find(({ row }) => row.name === pasted.name);
      if (known) {
        take(known.row, pasted);
        known.view.show();
      } else this.#add({ row: pasted });
    }
    this.#changed();
  }

  #check(text: string, row?: FunctionRow): Problem[] {
    const pasted = readPasted(text);
    if ('problem' in pasted) return [{ path: '', problem: pasted.problem }];
    if ('schema' in pasted) return declarationProblems(row?.name || 'new_function', '', pasted.schema);
    return pasted.functions.flatMap(({ name, description, parameters }) =>
      declarationProblems(name, description, parameters).map(({ path, problem }) => ({
        path: [name, path].filter(Boolean).join(': '),
        problem,
      })),
    );
  }
}

/** Takes over what a declaration says; the rest is this node's. */
function take(row: FunctionRow, { name, description, parameters, behavior }: FunctionRow): void {
  Object.assign(row, { name, parameters });
  if (description) row.description = description;
  if (behavior) row.behavior = behavior;
}

/** Whether the node needs its input, and an output for what is to be confirmed. */
function asksFlow(rows: readonly FunctionRow[]): boolean {
  return rows.some(({ confirm }) => confirm === 'flow');
}
