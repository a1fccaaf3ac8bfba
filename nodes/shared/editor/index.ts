import { press } from '../../audio-in/editor';
import { prepareConfig } from '../../config/editor';
import { prepareMcp, saveMcp, validateMcp } from '../../mcp/editor';
import { fieldsOfOld, unfoldGroups } from '../../session/editor';
import { prepareTools, saveTools } from '../../tools/editor';
import { openDialog, prepareDialog } from './dialog';
import type { EditorNode } from './types';
import { lists } from './lists';
import { chosenSession, chooseConfig, prepareSessions } from './sessions';
import { prepareTalk } from './talk';
import { validate } from './validate';

/** What the small scripts of the `editor.html` files call; they work without it, only plainer. */
export interface GeminiLiveEditor {
  prepare(node: EditorNode): void;
  config(node: EditorNode): void;
  /** The same for the session node, whose dialog folds what hardly anybody needs. */
  session(node: EditorNode): void;
  validate: typeof validate;
  press: typeof press;
  /** The list of functions of a tools node. */
  tools: { prepare(node: EditorNode): void; save(node: EditorNode): void };
  /** The server of an mcp node, and its tools. */
  mcp: { prepare(node: EditorNode): void; save(node: EditorNode): void; validate: typeof validateMcp };
  /** What is chosen in the list `#gemini-live-session`, which {@link prepare} fills; and a service for a node just added. */
  sessions: { chosen(node: EditorNode): string; added(node: EditorNode): void };
}

function prepare(node: EditorNode, ofOld: Record<string, unknown> = {}): void {
  const defaults = Object.entries(node._def.defaults ?? {}).map(([field, { value }]) => [field, value]);
  openDialog(node, { ...Object.fromEntries(defaults), ...ofOld });
  prepareDialog(node, lists);
  prepareSessions(node);
  prepareTalk(node);
}

window.geminiLive = {
  prepare: (node) => prepare(node),
  session(node) {
    prepare(node, fieldsOfOld(node));
    unfoldGroups(node);
  },
  config: prepareConfig,
  validate,
  press,
  tools: { prepare: prepareTools, save: saveTools },
  mcp: { prepare: prepareMcp, save: saveMcp, validate: validateMcp },
  sessions: { chosen: chosenSession, added: chooseConfig },
};
