/** Worker of `flite.ts`: speaks one text and ends. Speaking takes tens of milliseconds without a pause. */
import { parentPort, workerData } from 'node:worker_threads';
import { runCommand } from './wasi';

const { module, args } = workerData as { module: WebAssembly.Module; args: string[] };
void runCommand(module, args).then((wav) => parentPort?.postMessage(wav));
