import { build } from 'esbuild';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const SOURCE = path.resolve(__dirname, '../../src/talk/page');

/** What the browser loads, by the module it is made of. Worklets and workers run apart from the page, so each is whole. */
const SCRIPTS: Record<string, string> = {
  page: 'main.ts',
  capture: 'worklets/capture.ts',
  playback: 'worklets/playback.ts',
  ticker: 'workers/ticker.ts',
  sw: 'workers/sw.ts',
};

/**
 * Makes the talk page: one flat folder with its html, style, scripts, manifest and icons, and nothing else.
 *
 * @param out the folder; what is in it is replaced
 */
export async function buildTalkPage(out: string): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const plain = (await readdir(SOURCE)).filter((name) => /\.(html|svg|png|webmanifest)$/.test(name));
  await Promise.all([
    ...plain.map((name) => cp(path.join(SOURCE, name), path.join(out, name))),
    ...Object.entries(SCRIPTS).map(([name, entry]) => bundle(entry, path.join(out, `${name}.js`))),
    bundle('style.css', path.join(out, 'style.css')),
  ]);
}

/** Minified: the page is loaded by phones. Written by ourselves, so that a failed build leaves nothing half done. */
async function bundle(entry: string, file: string): Promise<void> {
  const result = await build({
    entryPoints: [path.join(SOURCE, entry)],
    bundle: true,
    write: false,
    format: 'iife',
    target: ['es2022', 'safari16', 'firefox115', 'chrome111'],
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
  });
  await writeFile(file, result.outputFiles[0]!.contents);
}
