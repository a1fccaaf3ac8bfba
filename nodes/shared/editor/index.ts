import { press } from '../../audio-in/editor';
import { prepareDialog } from './dialog';
import type { EditorNode } from './types';
import { lists } from './lists';
import { validate } from './validate';

/** What the small scripts of the `editor.html` files call; they work without it, only plainer. */
export interface GeminiLiveEditor {
  prepare(node: EditorNode): void;
  validate: typeof validate;
  press: typeof press;
}

window.geminiLive = { prepare: (node) => prepareDialog(node, lists), validate, press };
