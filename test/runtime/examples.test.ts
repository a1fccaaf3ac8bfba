import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../support/package';
import { example, exampleTitles } from './flows';

/** What holds for every example, so that importing several of them is no trouble. */
describe('examples', () => {
  const flows = exampleTitles().map((title) => ({ title, nodes: example(title) }));
  const { name, version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };

  it('share no id', () => {
    const ids = flows.flatMap(({ title, nodes }) => nodes.map(({ id }) => ({ id, title })));
    const twice = ids.filter(({ id }, index) => ids.findIndex((other) => other.id === id) !== index);
    assert.deepEqual(twice, []);
  });

  for (const { title, nodes } of flows) {
    it(`"${title}" is one tab that explains itself and names what it needs`, () => {
      const tabs = nodes.filter(({ type }) => type === 'tab');
      assert.deepEqual(
        tabs.map(({ label }) => label),
        [path.posix.basename(title).replace(/^\d+ - /, '')],
      );
      const comment = nodes.find(({ type }) => type === 'comment');
      assert.ok(comment && String(comment.info).length > 80, 'no comment that says what it shows');
      const [needs] = nodes.filter(({ type }) => type === 'global-config');
      assert.equal((needs?.modules as Record<string, string>)[name], version);
    });
  }
});
