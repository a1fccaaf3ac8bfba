import { build } from 'esbuild';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { existsSync, readdirSync } from 'node:fs';
import { fillDialog } from './dialog';
import { helpHtml, helpPage } from './help';

/** Prefix of every node type of this package, and of the files that Node-RED loads. */
const PREFIX = 'gemini-live-';

/** Folders of `nodes/` that are a node: those with a runtime. */
export function nodeNames(root: string): string[] {
  const entries = readdirSync(path.join(root, 'nodes'));
  return entries.filter((name) => existsSync(path.join(root, 'nodes', name, 'runtime.ts'))).sort();
}

/**
 * Puts beside each other what Node-RED looks for beside each other: `<out>/nodes/gemini-live-<name>.js` with its `.html`,
 * `icons/` and `locales/<language>/`.
 */
export async function writeNodeFiles(root: string, out: string): Promise<void> {
  const target = path.join(out, 'nodes');
  await mkdir(target, { recursive: true });
  await cp(path.join(root, 'icons'), path.join(target, 'icons'), { recursive: true });
  for (const name of nodeNames(root)) {
    const source = path.join(root, 'nodes', name);
    const file = path.join(target, PREFIX + name);
    await writeFile(`${file}.js`, `module.exports = require('./${name}/runtime').default;\n`);
    await writeFile(`${file}.html`, await editorHtml(root, name));
    if (existsSync(path.join(source, 'samples'))) {
      await cp(path.join(source, 'samples'), path.join(target, name, 'samples'), { recursive: true });
    }
    for (const language of await readdir(path.join(source, 'locales'))) {
      await writeLocale(root, name, language, path.join(target, 'locales', language));
    }
  }
  await writeEditorPlugin(root, target);
}

/** What the editor loads for a node: its `editor.html`, with what tables say filled in. */
export async function editorHtml(root: string, name: string): Promise<string> {
  return fillDialog(await readFile(path.join(root, 'nodes', name, 'editor.html'), 'utf8'));
}

/** The labels of a node are its own and those of the shared widgets; its help is made from Markdown. */
async function writeLocale(root: string, name: string, language: string, target: string): Promise<void> {
  const labels = async (folder: string): Promise<Record<string, object>> =>
    JSON.parse(
      await readFile(path.join(root, 'nodes', folder, 'locales', language, 'labels.json'), 'utf8'),
    ) as Record<string, object>;
  await mkdir(target, { recursive: true });
  const catalogue = await labels('shared');
  for (const [group, texts] of Object.entries(await labels(name))) {
    catalogue[group] = { ...catalogue[group], ...texts };
  }
  await writeFile(path.join(target, `${PREFIX}${name}.json`), JSON.stringify(catalogue, null, 1));
  await writeFile(
    path.join(target, `${PREFIX}${name}.html`),
    helpHtml(PREFIX + name, await help(root, name, language)),
  );
}

function help(root: string, name: string, language: string): Promise<string> {
  return readFile(path.join(root, 'nodes', name, 'locales', language, 'help.md'), 'utf8');
}

/**
 * The editor code of all nodes as one script. It stands inline in the html of a plugin: plugins load before nodes, and a
 * `<script src>` that fails would keep the whole editor from loading.
 */
async function writeEditorPlugin(root: string, target: string): Promise<void> {
  const result = await build({
    entryPoints: [path.join(root, 'nodes/shared/editor/index.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2020',
    minify: true,
    logLevel: 'silent',
  });
  const script = result.outputFiles[0]!.text.trim().replace(/<\/script/gi, '<\\/script');
  const style = await readFile(path.join(root, 'nodes/shared/editor/style.css'), 'utf8');
  const plugin = path.join(target, `${PREFIX}editor`);
  await writeFile(
    `${plugin}.html`,
    `<style>\n${style}</style>\n<script type="text/javascript">\n${script}\n</script>\n`,
  );
  await writeFile(`${plugin}.js`, 'module.exports = function () {}; // only its html is of use\n');
}

/** The reference pages by file name (`docs/nodes/…`), made from the English help. */
export async function docsPages(root: string): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for (const name of nodeNames(root)) {
    pages.set(`${PREFIX}${name}.md`, helpPage(PREFIX + name, await help(root, name, 'en-US')));
  }
  return pages;
}
