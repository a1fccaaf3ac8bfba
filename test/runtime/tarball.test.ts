import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { packedPackage, type PackedPackage, ROOT } from '../support/package';

interface Manifest {
  name: string;
  main?: string;
  bin: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
  'node-red': { nodes: Record<string, string>; plugins: Record<string, string> };
  dependencies: Record<string, string>;
}

const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Manifest;
const strip = (file: string) => file.replace(/^\.\//, '');

describe('packed package', function () {
  this.timeout(180_000);
  let pack: PackedPackage;
  let root: string;
  const has = (file: string) => assert.ok(pack.files.includes(file), `${file} is not in the tarball`);

  before(async () => {
    pack = await packedPackage();
    root = path.join(pack.installed, 'node_modules/@parley/node-red-gemini-live');
  });

  it('holds every file that its manifest names', () => {
    const named = [
      ...Object.values(manifest.bin),
      ...Object.values(manifest.exports).flatMap((entry) =>
        typeof entry === 'string' ? [entry] : Object.values(entry),
      ),
      ...Object.values(manifest['node-red'].nodes),
      ...Object.values(manifest['node-red'].plugins),
    ];
    for (const file of named) has(strip(file));
  });

  it('holds the editor half, the labels and the help beside each node', () => {
    for (const file of Object.values(manifest['node-red'].nodes)) {
      const folder = path.posix.dirname(file);
      const name = path.posix.basename(file, '.js');
      has(`${folder}/${name}.html`);
      has(`${folder}/locales/en-US/${name}.json`);
      has(`${folder}/locales/en-US/${name}.html`);
    }
  });

  it('holds the icon of each node', async () => {
    for (const file of Object.values(manifest['node-red'].nodes)) {
      const html = await readFile(path.join(root, file.replace(/\.js$/, '.html')), 'utf8');
      for (const [, icon] of html.matchAll(/icon:\s*['"]([\w-]+\.(?:svg|png))['"]/g))
        has(`${path.posix.dirname(file)}/icons/${icon}`);
      const config = /category:\s*['"]config['"]/.test(html);
      assert.ok(config || /icon:\s*['"]/.test(html), `${file} names no icon`);
    }
  });

  it('serves every resource that an editor page asks for', async () => {
    const pages = pack.files.filter((file) => /^dist\/nodes\/[^/]+\.html$/.test(file));
    assert.ok(pages.length > 0);
    for (const page of pages) {
      const html = await readFile(path.join(root, page), 'utf8');
      for (const [, url] of html.matchAll(/(?:src|href)=["'](resources\/[^"']+)["']/g))
        has(url!.replace('resources/@parley/node-red-gemini-live/', 'resources/'));
    }
  });

  it('holds the examples, whose nodes of ours are all declared', async () => {
    const examples = pack.files.filter((file) => /^examples\/flows\/.+\.json$/.test(file));
    const shipped = await readdir(path.join(ROOT, 'examples/flows'), { recursive: true });
    assert.equal(examples.length, shipped.filter((file) => file.endsWith('.json')).length);
    assert.ok(examples.length >= 4);
    for (const file of examples) {
      const flow = JSON.parse(await readFile(path.join(root, file), 'utf8')) as { type: string }[];
      for (const { type } of flow.filter(({ type }) => type.startsWith('gemini-live-')))
        assert.ok(manifest['node-red'].nodes[type], `${file}: ${type} is not declared`);
    }
  });

  it('holds what the local server hears and speaks with, and the samples', async () => {
    for (const folder of ['src/server/assets', 'nodes/audio-in/samples'])
      for (const name of await readdir(path.join(ROOT, folder))) has(`dist/${folder}/${name}`);
  });

  it('answers its entry points from where npm put it', async () => {
    for (const entry of Object.keys(manifest.exports).filter((name) => name !== './package.json')) {
      const script = `console.log(Object.keys(require('@parley/node-red-gemini-live/${strip(entry)}')).length)`;
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { cwd: pack.installed });
      assert.ok(Number(stdout) > 0, `${entry} exports nothing`);
    }
  });

  it('is typed on its own: its users need no types but those of Node.js', async () => {
    const entries = Object.keys(manifest.exports).filter((name) => name !== './package.json');
    const code = entries.map((entry, at) => `export * as e${at} from '${manifest.name}/${strip(entry)}';`);
    await writeFile(path.join(pack.installed, 'user.ts'), code.join('\n'));
    const options = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      'false',
      '--target',
      'es2022',
      '--lib',
      'es2023',
    ];
    const found = ['--module', 'nodenext', '--typeRoots', path.join(ROOT, 'node_modules/@types')];
    const tsc = require.resolve('typescript/bin/tsc');
    const args = [tsc, ...options, ...found, 'user.ts'];
    await promisify(execFile)(process.execPath, args, { cwd: pack.installed }).catch(
      ({ stdout }: { stdout?: string }) => assert.fail(`The types do not compile:\n${stdout}`),
    );
  });

  it('keeps to the six dependencies that the official scorecard allows', () => {
    assert.ok(Object.keys(manifest.dependencies).length <= 6, Object.keys(manifest.dependencies).join());
  });

  it('answers on its command lines from where npm put it', async () => {
    for (const name of Object.keys(manifest.bin)) {
      const command = path.join(pack.installed, 'node_modules/.bin', name);
      const { stdout } = await promisify(execFile)(command, ['--help'], { cwd: pack.installed });
      assert.match(stdout, new RegExp(`\\b${name}\\b`), `${name} --help`);
    }
  });

  it('carries no sources, tests or tooling, and stays small', () => {
    const stray = pack.files.filter((file) =>
      /^(src|nodes|test|scripts|bench|\.ci)\/|\.tsbuildinfo$|(?<!\.d)\.ts$/.test(file),
    );
    assert.deepEqual(stray, []);
    assert.ok(pack.size < 2_500_000, `the tarball has ${pack.size} bytes`);
  });
});
