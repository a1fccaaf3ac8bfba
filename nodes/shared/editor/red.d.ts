/** The little of the editor's global object that the dialogs use; its own types do not know plugins and notifications well. */
declare const RED: {
  settings: { context: { stores: string[] } };
  tabs: {
    create(options: { id: string; onchange(tab: { id: string }): void }): {
      addTab(tab: { id: string; label: string }): void;
    };
  };
  nodes: {
    node(id: string): import('./types').EditorNode | null | undefined;
    filterNodes(filter: { type: string; z?: string | undefined }): import('./types').EditorNode[];
    /** Goes on for as long as it does not get `false`. */
    eachConfig(visit: (node: import('./types').EditorNode) => void): void;
    workspace(id: string): { label?: string } | undefined;
    subflow(id: string): object | undefined;
  };
  utils: { getNodeLabel(node: object, otherwise: string): string };
  editor: {
    createEditor(options: { id: string; mode: string; value: string; focus: boolean }): CodeEditor;
    registerTypeEditor(
      type: string,
      definition: { show(options: { title: string; onclose?(): void }): void },
    ): void;
    showTypeEditor(type: string, options: { title: string }): void;
  };
  tray: { show(options: TrayOptions): void; close(): void };
  notify(message: string, type: 'success' | 'warning' | 'error' | 'compact'): void;
  /** A text of the editor's own catalogue. */
  _(key: string): string;
};

/** Monaco or Ace, whichever the user has chosen, as the editor wraps them. */
interface CodeEditor {
  getValue(): string;
  getSession(): { on(event: 'change', listener: () => void): void };
  resize(): void;
  destroy(): void;
}

/** Something that slides in from the right. */
interface TrayOptions {
  title: string;
  width: number;
  focusElement: false;
  buttons: { id: string; text: string; class?: string; click(): void }[];
  open(tray: JQuery): void;
  resize(): void;
  close(): void;
}

interface JQuery {
  /** The editor's list widget. */
  editableList(options: object): JQuery;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what it returns depends on the method
  editableList(method: string, argument?: unknown): any;
}

interface Window {
  geminiLive?: import('./index').GeminiLiveEditor;
}
