import { DEFAULT_MODEL, LANGUAGES, VOICES } from '../../../src/protocol/profiles';
import { videoLists } from '../../video-in/editor';
import { fieldValue } from './dialog';
import type { EditorNode, Option, OptionSources } from './types';

/** Models of the Live API (model pages, 2026). Others can be typed. */
const MODELS = [
  'gemini-3.1-flash-live-preview',
  'gemini-3.8-live',
  'gemini-3.8-live-extended-thinking',
  'gemini-2.5-flash-native-audio-preview-12-2025',
  'gemini-2.5-flash-native-audio-latest',
  'gemini-3.5-live-translate-preview',
  'gemini-3.5-transcribe-live',
];

interface Devices {
  devices: { id: string; name: string; default: boolean; echoCancelled?: boolean }[];
  ffmpeg?: string;
  problem?: string;
}

const plain = (value: string): Option => ({ value, label: value });

/** What can be chosen in the dialogs; see `data-choice`. */
export const lists: OptionSources = {
  models: (node) => [
    { value: '', label: node._def._('choice.defaultIs', { value: DEFAULT_MODEL }) },
    ...MODELS.filter((model) => model !== DEFAULT_MODEL).map(plain),
  ],
  voices: (node) => [{ value: '', label: node._def._('choice.default') }, ...VOICES.map(plain)],
  languages: (node) => [{ value: '', label: node._def._('choice.automatic') }, ...LANGUAGES.map(plain)],
  scenarios: (node) => [{ value: '', label: node._def._('choice.defaultIs', { value: 'assistant' }) }],
  stores: (node) => [
    { value: '', label: node._def._('store.none') },
    ...RED.settings.context.stores.map((name) => ({
      value: name,
      label: node._def._('store.named', { name }),
    })),
  ],
  ...videoLists,
  microphones: (node) => devices(node, 'capture'),
  speakers: (node) => devices(node, 'playback'),
  recordings: async (node) => {
    const names = await ask<string[]>('gemini-live/samples');
    return names.map((name) => ({
      value: `sample:${name}`,
      label: node._def._('choice.recording', { name }),
    }));
  },
};

async function devices(node: EditorNode, direction: string): Promise<Option[]> {
  const answer = await ask<Devices>(`gemini-live/devices?direction=${direction}`);
  const tip = document.querySelector('.gemini-live-ffmpeg');
  if (tip) {
    tip.classList.toggle('gemini-live-problem', answer.problem !== undefined);
    tip.textContent = answer.problem ?? node._def._('tip.ffmpeg', { version: answer.ffmpeg ?? '' });
  }
  return [
    { value: '', label: node._def._('choice.default') },
    ...answer.devices.map(({ id, name, default: standard, echoCancelled }) => ({
      value: id,
      label: [name, standard && '★', echoCancelled && `(${node._def._('choice.echoCancelled')})`]
        .filter(Boolean)
        .join(' '),
    })),
  ];
}

/** Relative, so that the editor's own address and login go with it. */
async function ask<T>(path: string): Promise<T> {
  return (await $.getJSON(path)) as T;
}

/** Whether the field of a node in or out of its dialog says this. */
export function says(node: EditorNode, field: string, ...values: string[]): boolean {
  return values.includes(String(fieldValue(node, field)));
}
