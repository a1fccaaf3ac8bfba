/** What the page remembers in this browser. Names of devices, nothing secret. */
export interface Settings {
  microphone: string;
  speaker: string;
  camera: string;
  mode: string;
  name: string;
}

const KEY = 'gemini-live-talk';
const FIRST: Settings = { microphone: '', speaker: '', camera: '', mode: 'press', name: '' };

/** The settings as they were left; the first ones in a browser that keeps nothing. */
export const settings: Settings = { ...FIRST, ...kept() };

/** Changes some, and keeps them. */
export function remember(changed: Partial<Settings>): void {
  Object.assign(settings, changed);
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // a private window keeps nothing: they hold until it is closed
  }
}

function kept(): Partial<Settings> {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Record<string, unknown>;
    return Object.fromEntries(Object.entries(value ?? {}).filter(([, each]) => typeof each === 'string'));
  } catch {
    return {};
  }
}
