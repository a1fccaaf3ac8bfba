import { parseRectangles } from '../../src/media/video/settings';
import { fieldValue } from '../shared/editor/dialog';
import type { EditorNode, Option, OptionSources } from '../shared/editor/types';

/** What can be chosen in the dialog of video-in. */
export const videoLists: OptionSources = {
  monitors: (node) => devices(node, 'screens', 'choice.allScreens'),
  cameras: (node) => devices(node, 'cameras', 'choice.firstCamera'),
};

async function devices(node: EditorNode, kind: string, none: string): Promise<Option[]> {
  const display = String(fieldValue(node, 'display') ?? '');
  const query = `kind=${kind}&display=${encodeURIComponent(display)}`;
  const answer = (await $.getJSON(`gemini-live/video-devices?${query}`)) as {
    devices: { id: string; name: string }[];
    ffmpeg?: string;
    problem?: string;
  };
  const tip = document.querySelector('.gemini-live-video-in-dialog .gemini-live-ffmpeg');
  tip?.classList.toggle('gemini-live-problem', answer.problem !== undefined);
  if (tip) tip.textContent = answer.problem ?? node._def._('tip.ffmpeg', { version: answer.ffmpeg ?? '' });
  return [
    { value: '', label: node._def._(none) },
    ...answer.devices.map(({ id, name }) => ({ value: id, label: name })),
  ];
}

/** What is wrong with a field of video-in; true if nothing is. */
export function validateVideo(
  node: EditorNode,
  field: 'masks' | 'region' | 'url',
  value: string,
): true | string {
  const source = String(fieldValue(node, 'source'));
  if (field === 'url') return source === 'address' ? validateAddress(node, value) : true;
  if (field === 'region' && source !== 'screen') return true;
  // A variable of the environment may bring it.
  if (/^\$\{.*\}$/.test(value ?? '')) return true;
  try {
    const count = parseRectangles(value ?? '').length;
    return field === 'masks' || count < 2 || node._def._('invalid.oneRectangle');
  } catch {
    return node._def._('invalid.rectangles');
  }
}

function validateAddress(node: EditorNode, value: string): true | string {
  // It may come with the message.
  if (!value || /^\$\{.*\}$/.test(value)) return true;
  if (!/^(https?|rtsps?|rtmps?|srt|udp|rtp|tcp):\/\/./i.test(value)) return node._def._('invalid.address');
  return /^[^/]*\/\/[^/]*@/.test(value) ? node._def._('invalid.login') : true;
}
