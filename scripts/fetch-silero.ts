import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Where the optional packages of the Silero detector land for tests and measurements: a cache under `node_modules`. */
export const SILERO_FOLDER = path.resolve(__dirname, '../node_modules/.cache/gemini-live/silero');

/** What a test says when they are not there. */
export const SILERO_MISSING = 'the packages of Silero are not here: npx tsx scripts/fetch-silero.ts';

if (require.main === module) {
  mkdirSync(SILERO_FOLDER, { recursive: true });
  const dependencies = { 'onnxruntime-node': '^1.22.0', '@ricky0123/vad-web': '^0.0.31' };
  writeFileSync(path.join(SILERO_FOLDER, 'package.json'), JSON.stringify({ private: true, dependencies }));
  // Its install script would fetch a GPU runtime from elsewhere; what is needed is in the package.
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: SILERO_FOLDER,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  console.log(`Silero in ${SILERO_FOLDER}`);
}
