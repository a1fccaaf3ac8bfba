import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A synthetic voice of the build machine, written `engine:name`, for example `espeak-ng:en-gb+f2`. */
export type VoiceName = `${'flite' | 'espeak-ng' | 'festival'}:${string}`;

/** Debian package that brings a voice, for messages and for skipped tests. */
export function packageOf(voice: VoiceName): string {
  const [engine, name] = split(voice);
  if (engine !== 'festival') return engine;
  return (
    { ked_diphone: 'festvox-kdlpc16k', cmu_us_slt_arctic_hts: 'festvox-us-slt-hts' }[name] ??
    'festvox-kallpc16k'
  );
}

/** Is the voice installed here? */
export function hasVoice(voice: VoiceName): boolean {
  const [engine, name] = split(voice);
  try {
    if (engine === 'flite')
      return execFileSync('flite', ['-lv'], { encoding: 'utf8' }).split(/\s+/).includes(name);
    if (engine === 'espeak-ng')
      return execFileSync('espeak-ng', ['--version'], { encoding: 'utf8' }).length > 0;
    return execFileSync('festival', ['--pipe'], { encoding: 'utf8', input: '(print (voice.list))' }).includes(
      name,
    );
  } catch {
    return false;
  }
}

/** Recordings are kept, because building and measuring ask for the same ones; delete the folder to start afresh. */
const CACHE = path.join(__dirname, '../../node_modules/.cache/synthetic-voices');

/**
 * Speaks a text.
 *
 * @param rate sampling rate of the result, Hz
 * @returns mono samples
 */
export async function synthesise(voice: VoiceName, text: string, rate: number): Promise<Int16Array> {
  const key = createHash('sha256').update(`${voice}|${rate}|${text}`).digest('hex').slice(0, 32);
  const raw = path.join(CACHE, `${key}.s16le`);
  if (!existsSync(raw)) await record(voice, text, rate, raw);
  const bytes = readFileSync(raw);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1)));
}

async function record(voice: VoiceName, text: string, rate: number, raw: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'synth-'));
  const wav = path.join(folder, 'speech.wav');
  try {
    await speak(voice, text, wav);
    const unfinished = path.join(folder, 'speech.raw');
    const format = ['-ac', '1', '-ar', String(rate), '-f', 's16le', unfinished];
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', '-i', wav, ...format]);
    mkdirSync(CACHE, { recursive: true });
    copyFileSync(unfinished, raw);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function speak(voice: VoiceName, text: string, wav: string): Promise<void> {
  const [engine, name] = split(voice);
  const run = promisify(execFile);
  if (engine === 'flite') await run('flite', ['-voice', name, '-t', `${text} `, wav]);
  else if (engine === 'espeak-ng') await run('espeak-ng', ['-v', name, '-w', wav, text]);
  else {
    const child = run('text2wave', ['-eval', `(voice_${name})`, '-o', wav]);
    child.child.stdin?.end(text);
    await child;
  }
}

function split(voice: VoiceName): [engine: string, name: string] {
  const at = voice.indexOf(':');
  return [voice.slice(0, at), voice.slice(at + 1)];
}
