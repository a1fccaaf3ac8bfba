import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Node-RED 5 needs Node.js 22.9 or newer. Where this runs on an older one, a Node.js 22 comes with it, as the npm package
 * `node-<platform>-<arch>`, so that an npm registry is all that is needed. Both land in a cache under `node_modules`.
 */
export const FOLDER = path.resolve(__dirname, '../node_modules/.cache/gemini-live/node-red-5');

/** The Node-RED 5 that was fetched, or what to do to get it. */
export function findNodeRed5(): { nodePath: string; redPath: string } | { missing: string } {
  const redPath = path.join(FOLDER, 'node_modules/node-red/red.js');
  const binary = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  const nodePath = isNewEnough()
    ? process.execPath
    : path.join(FOLDER, 'node_modules', nodePackage(), binary);
  if (existsSync(redPath) && existsSync(nodePath)) return { nodePath, redPath };
  return { missing: 'Node-RED 5 is not here: npx tsx scripts/fetch-node-red-5.ts' };
}

function isNewEnough(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 9);
}

function nodePackage(): string {
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
}

function fetchNodeRed5(): void {
  mkdirSync(FOLDER, { recursive: true });
  const dependencies = { 'node-red': '^5.0.7', ...(isNewEnough() ? {} : { [nodePackage()]: '^22.23.3' }) };
  writeFileSync(path.join(FOLDER, 'package.json'), JSON.stringify({ private: true, dependencies }));
  // --force: npm must not mind that the Node.js it runs on is older than the one that Node-RED will run on.
  execFileSync(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', '--force', '--loglevel=error'],
    {
      cwd: FOLDER,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    },
  );
}

if (require.main === module) {
  if ('missing' in findNodeRed5()) fetchNodeRed5();
  const found = findNodeRed5();
  if ('missing' in found) {
    console.error(found.missing);
    process.exitCode = 1;
  } else {
    const manifest = readFileSync(path.join(path.dirname(found.redPath), 'package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    const node = execFileSync(found.nodePath, ['--version'], { encoding: 'utf8' }).trim();
    console.log(`Node-RED ${version} with Node.js ${node} in ${FOLDER}`);
  }
}
