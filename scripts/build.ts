import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { docsPages, writeNodeFiles } from './build/node-files';
import { buildTalkPage } from './build/talk-page';

const ROOT = path.resolve(__dirname, '..');
const DIST = path.join(ROOT, 'dist');
const CACHE = path.join(ROOT, 'node_modules', '.cache', 'gemini-live');
/** State of the sources that `dist/` was built from. */
const STAMP = path.join(CACHE, 'build.stamp');
const INPUTS = ['src', 'nodes', 'icons', 'scripts/build.ts', 'scripts/build', 'package.json'];
const CONFIGS = ['tsconfig.base.json', 'tsconfig.build.json'];

/** Builds `dist/` and `docs/nodes/`. Nothing is done when no source changed; `dist/` is replaced as a whole or not at all. */
async function main(): Promise<void> {
  const state = await stateOfSources();
  if (existsSync(DIST) && (await readFile(STAMP, 'utf8').catch(() => '')) === state) return;
  const scratch = path.join(CACHE, `build-${process.pid}`);
  const out = path.join(scratch, 'dist');
  try {
    await mkdir(out, { recursive: true });
    await Promise.all([compile(out), writeNodeFiles(ROOT, out)]);
    await copyAssets(path.join(ROOT, 'src'), path.join(out, 'src'));
    await buildTalkPage(path.join(out, 'src/talk/page')); // in place of its sources, which were copied
    await makeExecutable(out);
    await writeDocs();
    await replaceDist(out, scratch);
    await writeFile(STAMP, state);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Two renames: who reads `dist/` sees the old build or the new one, never half of one. */
async function replaceDist(out: string, scratch: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if (existsSync(DIST)) await rename(DIST, path.join(scratch, `old-${attempt}`));
    try {
      return await rename(out, DIST);
    } catch (error) {
      if (attempt === 3) throw error; // another build came in between; ours is as good
    }
  }
}

/** Strict type check and JavaScript in one go. The compiler's own messages are the error. */
async function compile(out: string): Promise<void> {
  const tsc = require.resolve('typescript/bin/tsc');
  const args = [tsc, '-p', path.join(ROOT, 'tsconfig.build.json'), '--outDir', out];
  await promisify(execFile)(process.execPath, args, { cwd: ROOT, maxBuffer: 16 << 20 }).catch((error) => {
    throw new Error(
      `The TypeScript sources do not compile:\n${(error as { stdout?: string }).stdout ?? error}`,
    );
  });
}

/** What the code reads at run time: schema, scenario, templates, clips. */
async function copyAssets(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, filter: (file) => !/\.tsx?$/.test(file) });
}

/** npm makes the links of `bin` executable only on install; a checkout has none. */
async function makeExecutable(out: string): Promise<void> {
  const { bin = {} } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
    bin?: Record<string, string>;
  };
  for (const file of Object.values(bin)) await chmod(path.join(path.dirname(out), file), 0o755);
}

/** Untouched where they are right already: a new time would look like a change to whatever watches the sources. */
async function writeDocs(): Promise<void> {
  const folder = path.join(ROOT, 'docs', 'nodes');
  await mkdir(folder, { recursive: true });
  for (const [name, text] of await docsPages(ROOT)) {
    const file = path.join(folder, name);
    if ((await readFile(file, 'utf8').catch(() => '')) !== text) await writeFile(file, text);
  }
}

async function stateOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const input of [...INPUTS, ...CONFIGS].map((name) => path.join(ROOT, name))) {
    const inside = (await stat(input)).isDirectory()
      ? (await readdir(input, { recursive: true, withFileTypes: true }))
          .filter((entry) => entry.isFile())
          .map((entry) => path.join(entry.parentPath, entry.name))
          .sort()
      : [input];
    for (const file of inside) {
      const { size, mtimeMs } = await stat(file);
      hash.update(`${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
