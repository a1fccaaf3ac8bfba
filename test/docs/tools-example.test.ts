import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.join(__dirname, '..', '..');

describe('docs: tools as a library', function () {
  this.timeout(120_000);

  it('the example runs as it stands there', () => {
    const text = readFileSync(path.join(root, 'docs', 'tools.md'), 'utf8');
    const example = /## As a library[\s\S]*?```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const source = example.replace(/'@parley\/node-red-gemini-live\/(\w+)'/g, (_all, name: string) =>
      JSON.stringify(path.join(root, 'src', name)),
    );
    const folder = mkdtempSync(path.join(tmpdir(), 'tools-example-'));
    try {
      const file = path.join(folder, 'example.ts');
      writeFileSync(file, source);
      const { stdout, stderr, status } = spawnSync(process.execPath, ['--require', 'tsx/cjs', file], {
        cwd: root,
        encoding: 'utf8',
        timeout: 100_000,
      });
      assert.equal(status, 0, stderr);
      assert.match(stdout, /kitchen light is on.*Map\(1\) \{ 'kitchen' => true \}/i);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
