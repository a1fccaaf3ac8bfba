/** What may be chosen. */
export type Kind = 'microphone' | 'speaker' | 'camera';

const KINDS: Record<Kind, MediaDeviceKind> = {
  microphone: 'audioinput',
  speaker: 'audiooutput',
  camera: 'videoinput',
};

export interface Device {
  id: string;
  label: string;
}

/** The devices of a kind. Without a permission the browser tells no names, so there is nothing to choose from. */
export async function devices(kind: Kind): Promise<Device[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
  return all
    .filter((device) => device.kind === KINDS[kind] && device.label !== '')
    .filter(({ deviceId }) => deviceId !== 'default' && deviceId !== 'communications') // '' stands for those
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/** Whether the browser lets a page choose where it sounds. */
export const speakersCanBeChosen = (): boolean =>
  typeof AudioContext !== 'undefined' && 'setSinkId' in AudioContext.prototype;
