import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { fillDialog } from '../../scripts/build/dialog';
import { helpHtml } from '../../scripts/build/help';
import { docsPages, nodeNames } from '../../scripts/build/node-files';

const ROOT = path.resolve(__dirname, '../..');
const read = (...parts: string[]): string => readFileSync(path.join(ROOT, ...parts), 'utf8');

interface FlowNode {
  id: string;
  type: string;
  z?: string;
  wires?: string[][];
  [field: string]: unknown;
}

/** What the editor loads for a node. */
const editorHtml = (name: string): string => fillDialog(read('nodes', name, 'editor.html'));

/** What an editor.html registers. The official scorecard reads the same script: it wants a name and a literal object. */
function registered(name: string): {
  type: string;
  keys: string[];
  defaults: string[];
  credentials: string[];
  validators: ((...args: unknown[]) => unknown)[];
} {
  const html = editorHtml(name);
  const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  assert.match(script, /^\s*RED\.nodes\.registerType\('[\w-]+', \{/);
  type Defaults = Record<string, { value?: unknown; validate?: (...args: unknown[]) => unknown }>;
  const calls: [string, { defaults: Defaults; credentials?: object }][] = [];
  const registerType = (...call: (typeof calls)[number]): void => void calls.push(call);
  runInNewContext(script, { RED: { nodes: { registerType } } });
  assert.equal(calls.length, 1);
  const [type, definition] = calls[0]!;
  const validators = Object.values(definition.defaults).flatMap(({ validate }) => validate ?? []);
  return {
    type,
    keys: Object.keys(definition),
    // A default that is undefined is the field of an older flow: it is only kept.
    defaults: Object.keys(definition.defaults).filter((field) => {
      const { value } = definition.defaults[field] ?? {};
      return value !== undefined;
    }),
    credentials: Object.keys(definition.credentials ?? {}),
    validators,
  };
}

describe('node files', () => {
  const names = nodeNames(ROOT);

  it('are listed in package.json, each of them', () => {
    const { 'node-red': manifest } = JSON.parse(read('package.json')) as {
      'node-red': { nodes: Record<string, string> };
    };
    const expected = Object.fromEntries(
      names.map((name) => [`gemini-live-${name}`, `dist/nodes/gemini-live-${name}.js`]),
    );
    assert.deepEqual(Object.fromEntries(Object.entries(manifest.nodes).sort()), expected);
  });

  for (const name of names) {
    describe(name, () => {
      const html = editorHtml(name);

      function group(folder: string): Record<string, Record<string, string>> {
        return JSON.parse(read('nodes', folder, 'locales/en-US/labels.json')) as Record<
          string,
          Record<string, string>
        >;
      }
      const label = (key: string): string | undefined => {
        const [first = '', second = ''] = key.split('.');
        return group(name)[first]?.[second] ?? group('shared')[first]?.[second];
      };

      it('registers its type with a literal object', () => {
        const { type, keys } = registered(name);
        assert.equal(type, `gemini-live-${name}`);
        for (const key of ['category', 'defaults', 'label', 'oneditprepare'])
          assert.ok(keys.includes(key), key);
      });

      it('can say what is wrong with a field: Node-RED takes the text of validators with two parameters only', () => {
        for (const validate of registered(name).validators)
          assert.equal(validate.length, 2, String(validate));
      });

      it('has a field in its dialog for each default and credential, and no other', () => {
        const prefix = name === 'config' ? 'node-config-input-' : 'node-input-';
        const fields = [...html.matchAll(new RegExp(`\\bid="${prefix}(\\w+)"`, 'g'))].map(
          ([, field]) => field,
        );
        const { defaults, credentials } = registered(name);
        // Lists and the like have a widget of their own; the version of the fields is nobody's business.
        const widget = (field: string): boolean =>
          field === 'version' || new RegExp(`"gemini-live-(${name}-)?${field}"`).test(html);
        const expected = [...defaults, ...credentials].filter((field) => !widget(field));
        assert.deepEqual([...new Set(fields)].sort(), expected.sort());
      });

      it('has a text for each label it shows', () => {
        const shown = [
          ...[...html.matchAll(/data-i18n="(?:\[placeholder\])?([\w.]+)"/g)].map(([, key]) => key ?? ''),
          ...[...html.matchAll(/data-other="([\w.]+)"/g)].map(([, key]) => key ?? ''),
          ...[...html.matchAll(/'((?:label|port|source|sink)\.\w+)'/g)].map(([, key]) => key ?? ''),
          ...[...read('nodes', name, 'runtime.ts').matchAll(/show\('\w+', '(\w+)'/g)].map(
            ([, key]) => `status.${key}`,
          ),
        ];
        for (const key of shown) assert.ok(label(key), `no text for ${key}`);
      });

      it('has no status that is too long to be shown', () => {
        for (const text of Object.values(group(name).status ?? {}))
          assert.ok(text.replace('__detail__', '999').length < 20, text);
      });

      it('has help in Node-RED’s form', () => {
        const help = helpHtml(`gemini-live-${name}`, read('nodes', name, 'locales/en-US/help.md'));
        assert.match(
          help,
          new RegExp(`^<script type="text/html" data-help-name="gemini-live-${name}">\\n<p>`),
        );
        assert.match(help, /<h3>Details<\/h3>/);
        if (name === 'config') return;
        if (!/^\s*inputs: 0,/m.test(html))
          assert.match(
            help,
            /<h3>Inputs<\/h3>\s*<dl class="message-properties">\s*<dt>\w+ <span class="property-type">/,
          );
        if (!/^\s*outputs: 0,/m.test(html))
          assert.match(
            help,
            /<h3>Outputs<\/h3>\s*(<p>[^<]*<\/p>\s*)?<(dl class="message-properties"|ol class="node-ports")>/,
          );
        assert.equal(help.match(/<dl/g)?.length, help.match(/<\/dl>/g)?.length);
      });

      it('has a page in docs/nodes that is up to date', async () => {
        const file = `gemini-live-${name}.md`;
        assert.equal(read('docs/nodes', file), (await docsPages(ROOT)).get(file), 'run npm run build');
      });

      it('uses the colours of the editor’s theme only', () => {
        assert.ok(!/style="[^"]*(#|rgb)/.test(html));
        assert.ok(!/#[0-9a-f]{3,6}\b|rgb/i.test(read('nodes/shared/editor/style.css')));
      });
    });
  }
});

describe('examples', () => {
  const names = nodeNames(ROOT);
  const files = readdirSync(path.join(ROOT, 'examples/flows'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .sort();
  const flows = new Map(files.map((file) => [file, JSON.parse(read('examples/flows', file)) as FlowNode[]]));

  for (const folder of new Set(files.map((file) => path.dirname(file)))) {
    it(`are numbered, in ${folder}`, () => {
      const mine = files.filter((file) => path.dirname(file) === folder);
      assert.deepEqual(
        mine.map((file) => path.basename(file).slice(0, 5)),
        mine.map((_, index) => `${String(index + 1).padStart(2, '0')} - `),
      );
    });
  }

  it('show every node', () => {
    const types = new Set([...flows.values()].flat().map(({ type }) => type));
    for (const name of names) assert.ok(types.has(`gemini-live-${name}`), name);
  });

  for (const [file, nodes] of flows) {
    it(`${file} is complete: ids, wires, fields, no secrets`, () => {
      const ids = nodes.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      for (const { wires = [] } of nodes)
        for (const id of wires.flat()) assert.ok(ids.includes(id), `${id} is nowhere`);
      for (const node of nodes.filter(({ type }) => type.startsWith('gemini-live-'))) {
        const { defaults } = registered(node.type.replace('gemini-live-', ''));
        for (const field of defaults) assert.ok(field in node, `${node.type} lacks ${field}`);
      }
      const modules = nodes.find(({ type }) => type === 'global-config')?.modules;
      const needed = ['@parley/node-red-gemini-live'];
      // Examples that need more have a submenu of their own.
      if (file.startsWith('Home Assistant')) needed.push('node-red-contrib-home-assistant-websocket');
      assert.deepEqual(Object.keys(modules as object).sort(), needed);
      assert.ok(nodes.some(({ type }) => type === 'comment') && nodes.some(({ type }) => type === 'catch'));
      assert.ok(!/credentials|apiKey/.test(JSON.stringify(nodes)));
    });
  }
});
