import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, existsSync, statSync } from 'node:fs';
import {
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** The folder of the checkout. */
export const ROOT = path.resolve(__dirname, '../..');

/** What is kept between runs lies where `npm ci` clears it away. */
export const CACHE = path.join(ROOT, 'node_modules', '.cache', 'gemini-live');

/** What the tarball is made from; a change of any of it makes a new one. */
const INPUTS = ['src', 'nodes', 'icons', 'examples', 'docs', 'scripts/build.ts', 'package.json', 'README.md'];
const KEEP_MS = 3_600_000;

/** The packed package and a folder in which npm has installed it. */
export interface PackedPackage {
  /** Path of the `.tgz`. */
  tarball: string;
  /** Paths in the tarball, as npm listed them. */
  files: string[];
  /** Sizes in bytes. */
  size: number;
  unpackedSize: number;
  /** A folder with `package.json` and `node_modules`, to be copied, never to be run in: the checkout's modules are above it. */
  installed: string;
}

let packed: Promise<PackedPackage> | undefined;

/**
 * Builds, packs and installs this package with the real npm, once per
 * state of the sources.
 */
export function packedPackage(): Promise<PackedPackage> {
  packed ??= pack();
  return packed;
}

/** Copies the installed package into a user directory, where nothing of the checkout can be found by accident. */
export async function installInto(userDir: string): Promise<void> {
  const { installed } = await packedPackage();
  await cp(installed, userDir, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
  });
}

/**
 * Puts a package of the dev dependencies into a user directory, without a network. It is linked, so it finds its own
 * dependencies in the checkout: it is not what is tested.
 */
export async function linkInto(userDir: string, name: string): Promise<void> {
  const link = path.join(userDir, 'node_modules', name);
  await mkdir(path.dirname(link), { recursive: true });
  await symlink(path.join(ROOT, 'node_modules', name), link, 'junction');
}

/** Runs npm in a folder. Output is in the error when it fails. */
export async function npm(args: string[], cwd: string): Promise<string> {
  const options = { cwd, maxBuffer: 64 << 20, shell: process.platform === 'win32', env: npmEnvironment() };
  try {
    return (await exec('npm', args, options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`npm ${args.join(' ')} failed in ${cwd}:\n${stdout}${stderr}`.trim(), { cause: error });
  }
}

/** npm run from within `npm test` must not take that run's settings for its own. */
function npmEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^npm_(package|lifecycle|command|execpath|node_execpath|config_(local_prefix|prefix))/i.test(name),
    ),
  );
}

async function pack(): Promise<PackedPackage> {
  await npm(['run', '--silent', 'build'], ROOT); // does nothing when no source changed
  const inputs = await newest(INPUTS.map((name) => path.join(ROOT, name)));
  const key = createHash('sha256')
    .update(`${inputs.mtimeMs} ${inputs.count} ${statSync(path.join(ROOT, 'dist')).mtimeMs}`)
    .digest('hex')
    .slice(0, 12);
  const folder = path.join(CACHE, `packed-${key}`);
  if (!existsSync(path.join(folder, 'pack.json'))) await makePackage(folder);
  else await utimes(folder, new Date(), new Date());
  const listing = JSON.parse(await readFile(path.join(folder, 'pack.json'), 'utf8')) as NpmPack;
  return {
    tarball: path.join(folder, listing.filename),
    files: listing.files.map((file) => file.path),
    size: listing.size,
    unpackedSize: listing.unpackedSize,
    installed: path.join(folder, 'installed'),
  };
}

interface NpmPack {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string; size: number }[];
}

async function makePackage(folder: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  await dropOld();
  const scratch = await mkdtemp(path.join(CACHE, 'making-'));
  try {
    const out = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', scratch], ROOT);
    const [listing] = JSON.parse(out.slice(out.indexOf('['))) as [NpmPack];
    listing.filename = path.basename(listing.filename);
    const installed = path.join(scratch, 'installed');
    await mkdir(installed);
    const manifest = { name: 'node-red-project', version: '0.0.1', private: true };
    await writeFile(path.join(installed, 'package.json'), JSON.stringify(manifest));
    const tarball = path.join(scratch, listing.filename);
    await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], installed);
    await writeFile(path.join(scratch, 'pack.json'), JSON.stringify(listing));
    await rename(scratch, folder).catch((error: NodeJS.ErrnoException) => {
      if (!existsSync(folder)) throw error; // another process was faster: its package is the same
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function dropOld(): Promise<void> {
  for (const name of await readdir(CACHE)) {
    if (!/^(packed|making)-/.test(name)) continue;
    const folder = path.join(CACHE, name);
    const age = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > KEEP_MS) await rm(folder, { recursive: true, force: true });
  }
}

async function newest(paths: string[]): Promise<{ mtimeMs: number; count: number }> {
  let mtimeMs = 0;
  let count = 0;
  for (const start of paths) {
    if (!existsSync(start)) continue;
    const files = statSync(start).isDirectory()
      ? (await readdir(start, { recursive: true, withFileTypes: true }))
          .filter((entry) => entry.isFile())
          .map((entry) => path.join(entry.parentPath, entry.name))
      : [start];
    for (const file of files) {
      const info = await stat(file).catch(() => undefined); // gone since: an editor's temporary file
      if (!info) continue;
      mtimeMs = Math.max(mtimeMs, info.mtimeMs);
      count += 1;
    }
  }
  return { mtimeMs, count };
}
