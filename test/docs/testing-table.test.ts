import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../support/package';

const PROBLEMS = 20;
const text = readFileSync(path.join(ROOT, 'docs/testing.md'), 'utf8');
const section = text.slice(
  text.indexOf('## Problems of other clients'),
  text.indexOf('## A conversation that survives'),
);
/** The lines of its tables, without their heads. */
const rows = section
  .split('\n')
  .filter(
    (line) =>
      line.startsWith('|') &&
      !/^\|(---|\s*\| problem|\s*the SDK|\s*a call \||\s*what is shown \|)/.test(line),
  );

/** The tests that a row names: file and title. */
const testsOf = (row: string): Array<{ file: string; title: string }> =>
  [...row.matchAll(/`(test\/[\w./-]+\.ts)`: \*([^*]+)\*/g)].map(([, file = '', title = '']) => ({
    file,
    title,
  }));

describe('docs: the tables of problems in testing.md', () => {
  it('name each problem once', () => {
    const numbers = rows.flatMap((row) => /^\| (\d+) \|/.exec(row)?.[1] ?? []).map(Number);
    assert.deepEqual(
      numbers,
      Array.from({ length: PROBLEMS }, (_, i) => i + 1),
    );
    assert.ok(rows.length >= PROBLEMS + 9, `${rows.length} rows`);
  });

  for (const row of rows) {
    const name = row.split('|').slice(1, 3).join(' ').trim().slice(0, 60);
    it(`name tests that exist: ${name}`, () => {
      const tests = testsOf(row);
      assert.ok(tests.length > 0, 'a row without a test');
      assert.equal(tests.length, row.match(/test\/[\w./-]+\.ts/g)?.length, 'a test without its title');
      for (const { file, title } of tests) {
        assert.ok(existsSync(path.join(ROOT, file)), `${file} does not exist`);
        const source = readFileSync(path.join(ROOT, file), 'utf8');
        assert.ok(
          // A case of a table has its title in `what`.
          ['it(', 'what: '].some((before) =>
            ["'", '"', '`'].some((quote) => source.includes(`${before}${quote}${title}${quote}`)),
          ),
          `${file} has no test "${title}"`,
        );
      }
    });
  }
});
