import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { resolveFfmpeg } from '../ffmpeg';
import { runTool } from '../process';
import type { Area } from './source';

/** A screen or camera that can be chosen. */
export interface VideoDevice {
  /** What to pass as `monitor` or `device`. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** Where a monitor is on the desktop, where that is known. */
  readonly area?: Area;
}

/** See {@link listScreens} and {@link listCameras}. */
export interface ListVideoOptions {
  /** X11 display to ask (default `DISPLAY`). */
  readonly display?: string;
  readonly ffmpegPath?: string;
  /** Default: this machine's. */
  readonly platform?: NodeJS.Platform;
  /** Root of `sys` and `dev` (default `/`). For tests. */
  readonly root?: string;
}

/**
 * Lists the monitors of this machine. Empty where nothing can tell, never rejects: without a choice all of the desktop is
 * captured. Linux needs `xrandr`; Windows has no list; on macOS screens stand among ffmpeg's devices.
 */
export async function listScreens(options: ListVideoOptions = {}): Promise<VideoDevice[]> {
  const { platform = process.platform, display = process.env.DISPLAY } = options;
  if (platform === 'win32') return [];
  if (platform === 'darwin') return (await avfoundation(options)).filter(({ name }) => isScreen(name));
  if (!display) return [];
  const { stdout } = await runTool('xrandr', ['-display', display, '--listmonitors'], { timeoutMs: 3000 });
  return parseMonitors(stdout);
}

/** Lists the cameras of this machine. Empty if there are none or nothing can tell; never rejects. */
export async function listCameras(options: ListVideoOptions = {}): Promise<VideoDevice[]> {
  const { platform = process.platform, root = '/' } = options;
  if (platform === 'win32') return parseDshowVideo(await ask(options, 'dshow', 'dummy'));
  if (platform === 'darwin') return (await avfoundation(options)).filter(({ name }) => !isScreen(name));
  return linuxCameras(root);
}

/** `xrandr --listmonitors`: ` 0: +*HDMI-1 1920/509x1080/286+0+0  HDMI-1`, where `*` marks the first one. */
export function parseMonitors(text: string): VideoDevice[] {
  const row = /^\s*\d+: \+?\*?(\S+) (\d+)\/\d+x(\d+)\/\d+\+(-?\d+)\+(-?\d+)/gm;
  return [...text.matchAll(row)].map(([, id, width, height, x, y]) => ({
    id: id!,
    name: `${id} (${width} × ${height})`,
    area: { x: Number(x), y: Number(y), width: Number(width), height: Number(height) },
  }));
}

/** Video devices of `ffmpeg -f dshow -list_devices true`: newer builds end each line with `(video)`, older ones have headers. */
export function parseDshowVideo(text: string): VideoDevice[] {
  let section = '';
  return text.split(/\r?\n/).flatMap((line) => {
    section = /DirectShow (audio|video) devices/.exec(line)?.[1] ?? section;
    const [, name, kinds = section] = /^\[[^\]]+\]\s+"(.+)"(?:\s+\(([^)]*)\))?\s*$/.exec(line) ?? [];
    return name && kinds.includes('video') ? [{ id: name, name }] : [];
  });
}

/** Video devices of `ffmpeg -f avfoundation -list_devices true -i ""`, screens among them. */
export function parseAvfoundationVideo(text: string): VideoDevice[] {
  let section = '';
  return text.split(/\r?\n/).flatMap((line) => {
    section = /AVFoundation (audio|video) devices/.exec(line)?.[1] ?? section;
    const [, id, name] = /\[(\d+)\] (.+?)\s*$/.exec(line) ?? [];
    return id && name && section === 'video' ? [{ id, name }] : [];
  });
}

const isScreen = (name: string): boolean => /^Capture screen/i.test(name);

async function avfoundation(options: ListVideoOptions): Promise<VideoDevice[]> {
  return parseAvfoundationVideo(await ask(options, 'avfoundation', ''));
}

/** ffmpeg prints these lists to stderr and then fails, because it was asked to open a device that does not exist. */
async function ask({ ffmpegPath }: ListVideoOptions, device: string, input: string): Promise<string> {
  const need = { inputDevice: device };
  const ffmpeg = await resolveFfmpeg({ path: ffmpegPath, need }).catch(() => undefined);
  if (!ffmpeg) return '';
  const args = ['-hide_banner', '-nostdin', '-f', device, '-list_devices', 'true', '-i', input];
  return (await runTool(ffmpeg.path, args)).stderr;
}

/**
 * What the kernel knows. A USB camera has a second device for its metadata, which gives no pictures: its `index` is not 0. Names under
 * `/dev/v4l/by-id` stay the same whatever is plugged in first.
 */
async function linuxCameras(root: string): Promise<VideoDevice[]> {
  const folder = path.join(root, 'sys/class/video4linux');
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^video\d+$/.test(name));
  const stable = await stableNames(root);
  const read = async (name: string, file: string): Promise<string> =>
    (await readFile(path.join(folder, name, file), 'utf8').catch(() => '')).trim();
  const cameras = await Promise.all(
    names
      .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
      .map(async (name) => ({
        id: stable.get(name) ?? `/dev/${name}`,
        name: `${(await read(name, 'name')) || name} (${name})`,
        first: /^0?$/.test(await read(name, 'index')),
      })),
  );
  return cameras.filter(({ first }) => first).map(({ id, name }) => ({ id, name }));
}

async function stableNames(root: string): Promise<Map<string, string>> {
  const folder = path.join(root, 'dev/v4l/by-id');
  const links = await readdir(folder).catch(() => []);
  const targets = await Promise.all(
    links.map(async (link) => [path.basename(await readlink(path.join(folder, link)).catch(() => '')), link]),
  );
  return new Map(targets.map(([target, link]) => [target!, `/dev/v4l/by-id/${link}`]));
}
