/** One thing that can be chosen. */
export interface Option {
  value: string;
  label: string;
}

/** A node as the editor knows it. */
export interface EditorNode {
  id: string;
  type: string;
  /** Id of the flow or subflow that it is in. */
  z?: string;
  changed?: boolean;
  _def: {
    category: string;
    defaults?: Record<string, { value: unknown }>;
    /** A text of the node's catalogue. */
    _(key: string, values?: Record<string, string>): string;
  };
  [field: string]: unknown;
}

/** Gives what can be chosen in a field; `refresh` is true when the user asked to look again. */
export type OptionSource = (node: EditorNode, refresh: boolean) => Option[] | Promise<Option[]>;

/** The lists that a dialog can name in `data-choice`. */
export type OptionSources = Readonly<Record<string, OptionSource>>;
