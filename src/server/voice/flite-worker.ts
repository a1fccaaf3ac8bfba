/** Worker of `flite.ts`: speaks one text and ends. Speaking takes tens of milliseconds without a pause. */
import { parentPort, workerData } from 'node:worker_threads';
import { runCommand } from './wasi';

const { program, args } = workerData as { program: WebAssembly.Module; args: string[] };
void runCommand(program, args).then((wav) => parentPort?.postMessage(wav));
