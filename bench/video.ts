import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveFfmpeg } from '../src/media/ffmpeg';
import { spawnTool } from '../src/media/process';
import { captureVideo } from '../src/media/video';
import { quantizer } from '../src/media/video/filters';
import { BOUNDS } from '../src/media/video/settings';
import { descendants, until } from '../test/support/processes';
import { Screen, screenMissing } from '../test/support/screen';
import { row, type Row } from './row';

const SIZE = { width: 1920, height: 1080 };
const SIDE = BOUNDS.longestSide.default;
const SECONDS = 30;
const RUNS = 3;
/** Ticks of `/proc/<pid>/stat` per second, on every Linux. */
const TICKS = 100;

/** CPU of a screen at 1080p and 1 fps, beside plain ffmpeg with the same rate, size and quality. */
export async function rows(): Promise<Row[]> {
  if (screenMissing) return [row('screen 1080p, 1 fps', '-', [], screenMissing)];
  const screen = await Screen.start(SIZE.width, SIZE.height);
  try {
    await screen.paint('white');
    screen.terminal('while it is watched', '100x40+100+100');
    const [plain, ours]: [number[], number[]] = [[], []];
    for (let i = 0; i < RUNS; i++) {
      plain.push(await plainFfmpeg(screen.display));
      ours.push(await capture(screen.display));
    }
    const note = `${RUNS} runs of ${SECONDS} s in turn, after the first frame; CPU of ffmpeg and, for ours, of this process; resolution 10 ms`;
    return [
      row('screen 1080p, 1 fps: plain ffmpeg', 's CPU/hour', plain.map(perHour), note),
      row('screen 1080p, 1 fps: with grids and duplicates', 's CPU/hour', ours.map(perHour), note),
      row(
        'screen 1080p, 1 fps, against plain ffmpeg',
        '× its CPU',
        ours.map((cpu, i) => cpu / plain[i]!),
        note,
      ),
    ];
  } finally {
    await screen.stop();
  }
}

const perHour = (cpuSeconds: number): number => (cpuSeconds / SECONDS) * 3600;

async function plainFfmpeg(display: string): Promise<number> {
  const { path } = await resolveFfmpeg({ need: { inputDevice: 'x11grab' } });
  const tool = spawnTool(path, [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-f', 'x11grab', '-framerate', '1'],
    ...['-video_size', `${SIZE.width}x${SIZE.height}`, '-i', display, '-vf', `scale=${SIDE}:-1`],
    ...['-c:v', 'mjpeg', '-q:v', String(quantizer(BOUNDS.quality.default)), '-pix_fmt', 'yuvj420p'],
    ...['-f', 'image2pipe', 'pipe:1'],
  ]);
  let bytes = 0;
  tool.stdout?.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await until('a frame', () => bytes > 0);
  const before = cpuOf(tool.pid!);
  await sleep(SECONDS * 1000);
  const used = cpuOf(tool.pid!) - before;
  await tool.kill();
  return used;
}

async function capture(display: string): Promise<number> {
  const stop = new AbortController();
  const handle = captureVideo({ source: { kind: 'screen', display }, signal: stop.signal });
  handle.open().resume();
  await until('a frame', () => handle.stats.written > 0);
  const ffmpeg = descendants(process.pid).find(({ command }) => command.includes('x11grab'));
  if (!ffmpeg) throw new Error('No ffmpeg captures.');
  const [before, own] = [cpuOf(ffmpeg.pid), process.cpuUsage()];
  await sleep(SECONDS * 1000);
  const { user, system } = process.cpuUsage(own);
  const used = cpuOf(ffmpeg.pid) - before + (user + system) / 1e6;
  stop.abort();
  await until('its end', () => handle.state !== 'open');
  return used;
}

/** CPU seconds that a process has used so far. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [utime, stime] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(utime) + Number(stime)) / TICKS;
}
