import { DEFAULT_MODEL, profileFor } from '../../../../src/protocol/profiles';
import { fieldValue } from '../dialog';
import type { EditorNode } from '../types';
import type { FunctionRow } from './row';

/** What the model of the chosen service makes of a function's settings, where that is not what they say. */
export function modelNote(node: EditorNode, { behavior, scheduling }: FunctionRow): string {
  const config = RED.nodes.node(String(fieldValue(node, 'config')));
  const model = config?.['model'];
  const profile = profileFor(typeof model === 'string' && model !== '' ? model : DEFAULT_MODEL);
  const waits = behavior === 'NON_BLOCKING' && !profile.tools.behaviors.includes('NON_BLOCKING');
  const silent = behavior !== 'BLOCKING' && scheduling !== '' && !profile.scheduling;
  return waits || silent ? node._def._('functions.modelWaits', { model: profile.name }) : '';
}
