import { MediaError } from '../errors';
import { resolveFfmpeg } from '../ffmpeg';
import { runTool } from '../process';
import { avfoundationInput, captureRate, dshowInput, gdigrabInput, v4l2Input, x11Input } from './inputs';
import { listCameras, listScreens, type VideoDevice } from './lists';
import { areaOf, type Area, type CameraSource, type Input, type ScreenSource } from './source';
import type { Rectangle } from './settings';

/** What opening a device depends on beside the source. */
export interface DeviceOptions {
  readonly ffmpegPath?: string;
  /** Frames per second that are wanted. */
  readonly fps: number;
  /** Default: this machine's. */
  readonly platform?: NodeJS.Platform;
  /** Where `DISPLAY` and `WAYLAND_DISPLAY` are read (default `process.env`). */
  readonly env?: NodeJS.ProcessEnv;
}

/** Finds a screen. @throws MediaError `DEVICE_NOT_FOUND`, `DEVICE_FAILED` (no display, Wayland), `NO_FFMPEG`, `FFMPEG_CAPABILITY` */
export async function openScreen(source: ScreenSource, options: DeviceOptions): Promise<Input> {
  const { platform = process.platform, fps, ffmpegPath } = options;
  const { monitor, region, cursor = true } = source;
  if (platform === 'win32') return gdigrabInput(region && wholePixels(region), captureRate(fps), cursor);
  if (platform === 'darwin') {
    const device = monitor ?? (await listScreens({ platform, ffmpegPath }))[0]?.id;
    if (!device) throw notFound('screen', undefined, []);
    return avfoundationInput(device, { screen: true, cursor, ...(region && { region }) });
  }
  const display = displayOf(source, options.env ?? process.env);
  const whole = monitor ? await monitorArea(display, monitor) : await screenArea(display, ffmpegPath);
  return x11Input(display, areaOf(region, whole), captureRate(fps), cursor);
}

/** Finds a camera. @throws MediaError `DEVICE_NOT_FOUND` */
export async function openCamera(source: CameraSource, options: DeviceOptions): Promise<Input> {
  const { platform = process.platform, ffmpegPath } = options;
  const { size } = source;
  const there = source.device ? [] : await listCameras({ platform, ffmpegPath });
  const device = source.device ?? there[0]?.id;
  if (!device) throw notFound('camera', undefined, there);
  if (platform === 'win32') return dshowInput(device, size);
  if (platform === 'darwin') return avfoundationInput(device, { ...(size && { size }) });
  return v4l2Input(device, size);
}

/** The X11 display that is meant. A chosen one is taken at its word; without a choice, Wayland is no X11. */
function displayOf({ display }: ScreenSource, env: NodeJS.ProcessEnv): string {
  if (display) return display;
  if (env.WAYLAND_DISPLAY || env.XDG_SESSION_TYPE === 'wayland') {
    throw new MediaError(
      'DEVICE_FAILED',
      'This desktop runs on Wayland, which lets no program look at the screen by itself. Choose "command" as source with a program that may, ' +
        'for example "grim -t jpeg -" (Sway, Hyprland, wlroots), "spectacle -b -n -o /dev/stdout" (KDE) or a script of your own; or log in to an X11 session.',
    );
  }
  if (env.DISPLAY) return env.DISPLAY;
  throw new MediaError(
    'DEVICE_FAILED',
    'There is no screen to look at: DISPLAY is not set, as in a service. Enter the display of the session in the dialog, usually ":0".',
  );
}

async function monitorArea(display: string, monitor: string): Promise<Area> {
  const there = await listScreens({ display, platform: 'linux' });
  const area = there.find(({ id }) => id === monitor)?.area;
  if (area) return area;
  throw notFound('monitor', monitor, there);
}

/** Larger than any screen. */
const TOO_LARGE = '16000x16000';

/** The size of the screen. ffmpeg is asked for more than there is: its refusal says how much there is, in every version. */
async function screenArea(display: string, ffmpegPath: string | undefined): Promise<Area> {
  const { path } = await resolveFfmpeg({ path: ffmpegPath, need: { inputDevice: 'x11grab' } });
  const args = [
    '-f',
    'x11grab',
    '-video_size',
    TOO_LARGE,
    '-i',
    display,
    '-frames:v',
    '1',
    '-f',
    'null',
    '-',
  ];
  const { stderr } = await runTool(path, ['-hide_banner', '-loglevel', 'error', '-nostdin', ...args]);
  const [, width, height] = /screen size (\d+)x(\d+)/.exec(stderr) ?? [];
  if (width && height) return { x: 0, y: 0, width: Number(width), height: Number(height) };
  const why = stderr.split('\n')[0]?.replace(/^\[[^\]]*\]\s*/, '') ?? '';
  throw new MediaError(
    'DEVICE_FAILED',
    `The screen ${display} cannot be opened: ${why.replace(/\.$/, '') || 'ffmpeg did not say why'}. Check the display, and that the user of Node-RED may use it: ` +
      'run "xhost +si:localuser:<user>" in its session, or set XAUTHORITY.',
  );
}

/** gdigrab knows pixels only. */
function wholePixels(region: Rectangle): Area {
  const lengths = [region.x, region.y, region.width, region.height];
  const [x, y, width, height] = lengths.map((length) => (typeof length === 'number' ? length : NaN));
  if (!lengths.every((length) => typeof length === 'number'))
    throw new MediaError('BAD_INPUT', 'On Windows a region of the screen must be given in pixels.');
  return { x: x!, y: y!, width: width!, height: height! };
}

/** "There is no camera …", with what there is. */
export function notFound(kind: string, id: string | undefined, there: readonly VideoDevice[]): MediaError {
  const what = id ? `There is no ${kind} "${id}".` : `No ${kind} was found on this machine.`;
  const list = there.length
    ? `There are: ${there.map((one) => one.id).join(', ')}. Choose one of these.`
    : `Connect one, or choose another source.`;
  return new MediaError('DEVICE_NOT_FOUND', `${what} ${list}`);
}
