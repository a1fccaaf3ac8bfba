/** A sound device. */
export interface AudioDevice {
  /** What to pass as `device`. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  readonly backend: 'pulse' | 'alsa' | 'avfoundation' | 'dshow' | 'ffmpeg';
  /** Whether it is the one that is used when none is chosen. */
  readonly default: boolean;
  /** Whether the system's echo canceller stands between it and the room: its loudspeakers and microphones belong together. */
  readonly echoCancelled?: true;
  /** Which echo canceller that is. */
  readonly canceller?: string;
}

/**
 * `pactl list sources|sinks`, the default first. Not its JSON: PulseAudio 16 gives every name beyond ASCII as "(null)" there
 * (measured, in any locale), and versions before 15 have none.
 */
export function parsePactl(text: string, standard?: string): AudioDevice[] {
  return text
    .split(/^(?=Sink #|Source #)/m)
    .flatMap((block) => {
      const [, id, name] = /^\tName: (.+)\n\tDescription: (.*)$/m.exec(block) ?? [];
      return id ? [{ id, name: name || id, ...PULSE, default: id === standard, ...cancellerOf(block) }] : [];
    })
    .sort((a, b) => Number(b.default) - Number(a.default));
}

const PULSE = { backend: 'pulse' } as const;

/**
 * PulseAudio's echo canceller is the driver of its devices, and the number of its module says which (measured, 16.1). PipeWire's
 * puts both into one group (module-echo-cancel.c: `echo-cancel-<pid>-<id>`). A monitor of such a loudspeaker is no microphone.
 */
function cancellerOf(block: string): Pick<AudioDevice, 'echoCancelled' | 'canceller'> {
  if (/^\tMonitor of Sink: (?!n\/a)/m.test(block)) return {};
  const [, group] = /^\t\tnode\.(?:link-)?group = "(echo-cancel-.+)"$/m.exec(block) ?? [];
  const [, module] = /^\tOwner Module: (\d+)$/m.exec(block) ?? [];
  const canceller = group ?? (/^\tDriver: module-echo-cancel/m.test(block) ? `module ${module}` : undefined);
  return canceller === undefined ? {} : { echoCancelled: true, canceller };
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
