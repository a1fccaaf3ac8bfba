import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAudioInput } from '../src/media/audio-input';
import { captureMicrophone } from '../src/media/capture';
import { resolveFfmpeg } from '../src/media/ffmpeg';
import { Playout } from '../src/media/playout';
import { runTool } from '../src/media/process';
import { turn } from '../test/support/media';
import { pulseMissing, PulseServer, type Recording } from '../test/support/pulse';
import { loudSpan } from '../test/support/sound';
import { row, type Row } from './row';

export type { Row } from './row';

const RATE = 48_000;
const REPEATS = 20;
const FILE_SECONDS = 300;

/** Media benchmarks. Those with sound need PulseAudio: without it their rows say so. */
export async function rows(): Promise<Row[]> {
  return [
    ...(pulseMissing ? [row('sound devices', '-', [], pulseMissing)] : await soundRows()),
    ...(await fileRows()),
  ];
}

async function soundRows(): Promise<Row[]> {
  const pulse = await PulseServer.start();
  const recording = await pulse.record('speaker.monitor', RATE);
  try {
    return [...(await playoutRows(recording)), await captureRow()];
  } finally {
    await recording.stop();
    await pulse.stop();
  }
}

async function playoutRows(recording: Recording): Promise<Row[]> {
  const silence: number[] = [];
  const error: number[] = [];
  const cold: number[] = [];
  const resume: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const player = new Playout();
    const first = await interrupted(player, recording, i);
    cold.push(first.start);
    const second = await interrupted(player, recording, i);
    resume.push(second.start);
    for (const one of [first, second]) {
      silence.push(one.silence);
      error.push(one.error);
    }
    await player.close();
  }
  const method =
    "null sink; first/last loud sample of the recorded monitor, placed in time by the recorder's quickest block; " +
    'resolution one block of 10 ms, so a value ≤ 10 is none';
  return [
    row(
      'handle aborted → silence at the device',
      'ms',
      silence,
      `${method}; ${silence.length} runs, seconds still queued`,
    ),
    row('played position reported − heard', 'ms', error, 'same runs, at the moment of the abort'),
    row('playout cold start → first sound', 'ms', cold, `same method; finding pacat and starting it`),
    row('playout after an abort → first sound', 'ms', resume, 'same method; the new pacat stands ready'),
  ];
}

/** Plays, interrupts while seconds are left, and finds both moments in the recording. */
async function interrupted(player: Playout, recording: Recording, i: number) {
  const from = recording.samples().length;
  const writer = turn(440, 4000);
  const began = performance.now();
  const done = player.play(writer.handle);
  // At another phase of the device's blocks each time.
  await sleep(400 + i * 7);
  const at = performance.now();
  writer.abort('INTERRUPTED');
  const { playedMs } = await done;
  await sleep(250);
  const span = loudSpan(recording.samples().subarray(from));
  if (!span) throw new Error('Nothing was heard.');
  const when = (sample: number): number => recording.zero() + ((from + sample) / RATE) * 1000;
  const heard = ((span.end - span.start) / RATE) * 1000;
  return {
    start: when(span.start) - began,
    silence: Math.max(0, when(span.end) - at),
    error: playedMs - heard,
  };
}

async function captureRow(): Promise<Row> {
  const stop = new AbortController();
  const handle = captureMicrophone({ signal: stop.signal });
  const times: number[] = [];
  const reader = handle.open();
  reader.on('data', () => times.push(performance.now()));
  while (times.length < 500 && handle.state === 'open') await sleep(50);
  stop.abort();
  while (handle.state === 'open') await sleep(10);
  // The first fragments come together, when the device opens.
  const gaps = times.slice(10).map((time, i, all) => time - (all[i - 1] ?? NaN));
  return row(
    'gap between captured chunks of 20 ms',
    'ms',
    gaps.slice(1),
    `ffmpeg from a virtual microphone, ${gaps.length} chunks`,
  );
}

async function fileRows(): Promise<Row[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    const ffmpeg = (await resolveFfmpeg()).path;
    return [...(await fileRow(ffmpeg, folder, 'wav')), ...(await fileRow(ffmpeg, folder, 'mp3'))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function fileRow(ffmpeg: string, folder: string, kind: string): Promise<Row[]> {
  const file = path.join(folder, `sound.${kind}`);
  const source = ['-f', 'lavfi', '-i', `sine=440:duration=${FILE_SECONDS}:sample_rate=44100`, '-ac', '2'];
  await runTool(ffmpeg, ['-v', 'error', ...source, file], { timeoutMs: 120_000 });
  const plain: number[] = [];
  const ours: number[] = [];
  for (let i = 0; i < 5; i++) {
    plain.push(await timed(() => plainFfmpeg(ffmpeg, file)));
    ours.push(await timed(() => readAll(openAudioInput({ source: { file }, realtime: false }))));
  }
  const note = `${FILE_SECONDS} s of 44.1 kHz stereo ${kind} to 16 kHz mono, 5 runs in turn with plain ffmpeg`;
  const median = row('', '', plain, '').median;
  return [
    row(
      `file → PCM, ${kind}`,
      '× real time',
      ours.map((ms) => (FILE_SECONDS * 1000) / ms),
      note,
    ),
    row(
      `file → PCM, ${kind}, against ffmpeg`,
      '× its time',
      ours.map((ms, i) => ms / plain[i]!),
      `plain ffmpeg into Node: median ${median.toFixed(0)} ms`,
    ),
  ];
}

async function timed(action: () => Promise<number>): Promise<number> {
  const began = performance.now();
  const bytes = await action();
  const took = performance.now() - began;
  if (Math.abs(bytes - FILE_SECONDS * 32_000) > 32_000)
    throw new Error(`${bytes} bytes came, of ${FILE_SECONDS} s`);
  return took;
}

async function readAll(chunks: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  return bytes;
}

/** The least there can be: ffmpeg's output read by Node and counted. */
function plainFfmpeg(ffmpeg: string, file: string): Promise<number> {
  const output = ['-ac', '1', '-ar', '16000', '-f', 's16le', 'pipe:1'];
  const child = spawn(ffmpeg, ['-v', 'error', '-nostdin', '-i', file, ...output], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return readAll(child.stdout as AsyncIterable<Buffer>);
}
