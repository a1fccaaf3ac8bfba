import { press } from '../../audio-in/editor';
import { prepareConfig } from '../../config/editor';
import { openDialog, prepareDialog } from './dialog';
import type { EditorNode } from './types';
import { lists } from './lists';
import { validate } from './validate';

/** What the small scripts of the `editor.html` files call; they work without it, only plainer. */
export interface GeminiLiveEditor {
  prepare(node: EditorNode): void;
  config(node: EditorNode): void;
  validate: typeof validate;
  press: typeof press;
}

window.geminiLive = {
  prepare(node) {
    const defaults = Object.entries(node._def.defaults ?? {});
    openDialog(node, Object.fromEntries(defaults.map(([field, { value }]) => [field, value])));
    prepareDialog(node, lists);
  },
  config: prepareConfig,
  validate,
  press,
};
