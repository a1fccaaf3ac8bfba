import { MediaError } from '../errors';
import { resolveFfmpeg, type ResolvedFfmpeg } from '../ffmpeg';
import { spawnTool, type ToolExit } from '../process';
import { outputArgs, type SyncOption } from './filters';
import { Pairs, type Shot } from './grid';
import { JpegSplitter } from './jpeg';
import type { Settings } from './settings';
import type { Input } from './source';
import type { Wish } from './wish';

/** What every run of a source gets. */
export interface RunOptions {
  readonly settings: Settings;
  /** Ends the run; it then resolves once nothing of it is left. */
  readonly signal: AbortSignal;
  /** Called with each frame; must not throw. */
  readonly onShot: (shot: Shot) => void;
  /** What is asked for out of turn. */
  readonly wish: Wish;
  readonly ffmpegPath?: string;
}

const BEFORE = ['-hide_banner', '-loglevel', 'error', '-nostdin'];

/** Which of its two names this build knows. */
export async function syncOption({ capabilities }: ResolvedFfmpeg): Promise<SyncOption> {
  return (await capabilities.has('option', 'fps_mode')) ? '-fps_mode' : '-vsync';
}

/**
 * Lets ffmpeg open a source and give frames, at the rate of the settings, each with its grid if equal ones are to be skipped.
 *
 * @throws MediaError when it cannot be opened or ends on its own
 */
export async function grab(input: Input, options: RunOptions): Promise<void> {
  const { settings, signal, onShot, ffmpegPath } = options;
  const need = { ...(input.device && { inputDevice: input.device }), encoder: 'mjpeg' };
  const ffmpeg = await resolveFfmpeg({ path: ffmpegPath, need });
  const grid = settings.threshold !== undefined;
  const output = outputArgs(settings, { jpeg: true, grid }, await syncOption(ffmpeg), {
    before: input.filters,
  });
  if (signal.aborted) return;
  const tool = spawnTool(ffmpeg.path, [...BEFORE, ...input.args, ...output], {
    stdin: input.script !== undefined,
    extraOutputs: grid ? 1 : 0,
  });
  const stop = (): void => void tool.stop();
  signal.addEventListener('abort', stop);
  let seen = 0;
  const splitter = new JpegSplitter();
  const pairs = new Pairs();
  const give = (shots: Shot[]): void => {
    seen += shots.length;
    if (!signal.aborted) shots.forEach(onShot);
    // A frame without its grid, or the other way round: all that follow would be judged by another one's looks.
    if (pairs.apart || splitter.dropped) void tool.stop();
  };
  tool.stdin?.end(input.script);
  tool.stdout?.on('data', (chunk: Buffer) => {
    for (const found of splitter.push(chunk)) give(grid ? pairs.jpeg(found) : [found]);
  });
  tool.output(3)?.on('data', (chunk: Buffer) => give(pairs.gridBytes(chunk)));
  const exit = await tool.exited;
  signal.removeEventListener('abort', stop);
  if (!signal.aborted) throw explain(exit, input, seen > 0);
}

/** Patterns of what ffmpeg prints, with what to do about it. Addresses are taken out before they are looked for. */
const KNOWN: ReadonlyArray<[RegExp, MediaError['code'], string]> = [
  [/401 Unauthorized|403 Forbidden/i, 'SOURCE_FAILED', 'Check user and password.'],
  [/404 Not Found|454 Session Not Found/i, 'NOT_FOUND', 'Check the path of the address.'],
  [/outside the screen size/i, 'DEVICE_FAILED', 'Choose a region within the screen.'],
  [
    /Cannot open display|Authorization required|No protocol specified/i,
    'DEVICE_FAILED',
    'Check the display, and that this user may use it: run "xhost +si:localuser:<user>" in the session, or set XAUTHORITY for Node-RED.',
  ],
  [/No such file|No such device/i, 'DEVICE_NOT_FOUND', 'Choose one of the list in the dialog.'],
  [/busy/i, 'DEVICE_FAILED', 'Another program uses it: close that one.'],
  [
    /Permission denied|Operation not permitted/i,
    'DEVICE_FAILED',
    'Give the user of Node-RED access: on Linux the group "video", on macOS under Privacy & Security.',
  ],
  [
    /refused|resolve|timed? ?out|unreachable|reset|Impossible to open|Input\/output error/i,
    'SOURCE_FAILED',
    'Check that it is switched on and may be reached from here.',
  ],
];

function explain(exit: ToolExit, { name, script }: Input, worked: boolean): MediaError {
  const how = worked ? 'stopped working' : 'cannot be opened';
  const what = `${name[0]!.toUpperCase()}${name.slice(1)} ${how}`;
  if (exit.error)
    return new MediaError('SOURCE_FAILED', `${what}: ffmpeg cannot be started (${exit.error.code}).`);
  const printed = exit.stderr
    .split('\n')
    .map((line) => line.replace(/^(\[[^\]]*\]\s*)+/, '').trim())
    // The list on stdin is our own device; that it cannot be read says nothing.
    .filter((line) => line !== '' && !(script && line.startsWith('pipe:0:')));
  const [, code, advice] = KNOWN.find(([pattern]) => pattern.test(withoutAddresses(printed.join('\n')))) ?? [
    undefined,
    'SOURCE_FAILED' as const,
    'Try it with ffmpeg on the command line.',
  ];
  const words = printed
    .slice(-2)
    .join(' / ')
    .replace(/[.\s]+$/, '');
  return new MediaError(code, `${what}: ${words || `ffmpeg ended (${exit.code ?? exit.signal})`}. ${advice}`);
}

/** Their words must not be mistaken for ffmpeg's. */
function withoutAddresses(text: string): string {
  return text.replace(/\w+:\/\/[^\s'"]+/g, '');
}
