/** A sound device. */
export interface AudioDevice {
  /** What to pass as `device`. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  readonly backend: 'pulse' | 'alsa' | 'avfoundation' | 'dshow' | 'ffmpeg';
  /** Whether it is the one that is used when none is chosen. */
  readonly default: boolean;
}

/**
 * `pactl list sources|sinks`, the default first. Not its JSON: PulseAudio 16 gives every name beyond ASCII as "(null)" there
 * (measured, in any locale), and versions before 15 have none.
 */
export function parsePactl(text: string, standard?: string): AudioDevice[] {
  const row = /^\tName: (.+)\n\tDescription: (.*)$/gm;
  return [...text.matchAll(row)]
    .map(([, id, name]) => ({
      id: id!,
      name: name || id!,
      backend: 'pulse' as const,
      default: id === standard,
    }))
    .sort((a, b) => Number(b.default) - Number(a.default));
}

/** `ffmpeg -sources pulse`, `ffmpeg -sinks pulse`: `* name [description] (audio)`, where `*` marks the default. */
export function parseFfmpegDevices(text: string): AudioDevice[] {
  return rows(text, /^\s*(\*)?\s+(\S+) \[(.*)\]/, ([, star, id, name]) => ({
    id: id!,
    name: name || id!,
    backend: 'pulse',
    default: star === '*',
  }));
}

/**
 * `arecord -l`, `aplay -l`: `card 1: Device [USB Audio], device 0: USB Audio [USB Audio]`. Cards are named, because their
 * numbers change with the order of plugging in; `plughw` converts what the hardware cannot do.
 */
export function parseAlsaCards(text: string): AudioDevice[] {
  const row = /^card \d+: (\S+) \[(.*)\], device (\d+): .*\[(.*)\]/;
  return rows(text, row, ([, card, cardName, number, name]) => ({
    id: `plughw:CARD=${card},DEV=${number}`,
    name: name && name !== cardName ? `${cardName}: ${name}` : cardName!,
    backend: 'alsa',
    default: false,
  }));
}

/**
 * `ffmpeg -list_devices true -f dshow -i dummy`. Newer builds end each line with `(audio)`, older ones have a header per
 * kind. The tag in brackets is no help: recent builds mix in other ones (ShareX issue 8442).
 */
export function parseDshow(text: string): AudioDevice[] {
  let section = '';
  const devices: AudioDevice[] = [];
  for (const line of text.split(/\r?\n/)) {
    section = /DirectShow (audio|video) devices/.exec(line)?.[1] ?? section;
    const [, name, kinds = section] = /^\[[^\]]+\]\s+"(.+)"(?:\s+\(([^)]*)\))?\s*$/.exec(line) ?? [];
    if (!name || !kinds.includes('audio')) continue;
    devices.push({ id: name, name, backend: 'dshow', default: devices.length === 0 });
  }
  return devices;
}

/** `ffmpeg -f avfoundation -list_devices true -i ""`: a header per kind, then `[tag] [index] name`. */
export function parseAvfoundation(text: string): AudioDevice[] {
  let section = '';
  const devices: AudioDevice[] = [];
  for (const line of text.split(/\r?\n/)) {
    section = /AVFoundation (audio|video) devices/.exec(line)?.[1] ?? section;
    const [, id, name] = /\[(\d+)\] (.+?)\s*$/.exec(line) ?? [];
    if (!id || section !== 'audio') continue;
    devices.push({ id, name: name!, backend: 'avfoundation', default: devices.length === 0 });
  }
  return devices;
}

function rows(text: string, row: RegExp, make: (match: RegExpExecArray) => AudioDevice): AudioDevice[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = row.exec(line);
    return match ? [make(match)] : [];
  });
}
