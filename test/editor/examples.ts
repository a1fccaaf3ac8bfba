import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { browserMissing, openBrowser } from '../support/browser';
import { type CanvasNode, Editor } from '../support/editor';
import { NodeRed, type NodeRedRuntime } from '../support/node-red';
import { installInto, linkInto, packedPackage, ROOT } from '../support/package';
import { skipWithout } from '../support/skip';
import { exampleTitles } from '../runtime/flows';

const PACKAGE = '@parley/node-red-gemini-live';
/** The examples of a submenu need its nodes. */
const THEIRS = ['node-red-contrib-home-assistant-websocket'];
const TITLES = exampleTitles();

const ours = ({ type }: CanvasNode) => type.startsWith('gemini-live-');

/**
 * What someone does who has just installed the package: import each example by the menu, deploy it, look into every
 * dialog. The same in every version of Node-RED.
 * @param themes Node-RED 5 has a dark theme of its own
 */
export function describeEditor(
  name: string,
  find: () => NodeRedRuntime | { missing: string },
  themes: ('light' | 'dark')[],
): void {
  describe(`editor of Node-RED ${name}`, function () {
    this.timeout(120_000);
    let nodeRed: NodeRed | undefined;
    let browser: Awaited<ReturnType<typeof openBrowser>> | undefined;
    let editor: Editor;

    before(async function () {
      const runtime = find();
      skipWithout(this, browserMissing);
      skipWithout(this, 'missing' in runtime && runtime.missing);
      await packedPackage();
      nodeRed = await NodeRed.start({ runtime: runtime as NodeRedRuntime, install });
      browser = await openBrowser();
      editor = await Editor.open(await browser.context.newPage(), nodeRed.url, `node-red-${name}`);
    });

    after(async () => {
      await browser?.close();
      await nodeRed?.stop();
    });

    afterEach(() => {
      assert.deepEqual(editor.complaints.splice(0), [], 'the page complained');
    });

    it('shows the nodes in the palette', async () => {
      const palette = editor.page.locator('#red-ui-palette-gemini_live');
      await palette.scrollIntoViewIfNeeded();
      const shown = await palette.locator('.red-ui-palette-label').allInnerTexts();
      assert.equal(shown.length, declaredTypes().length - 1, shown.join()); // a config node has no place there
      await editor.shot('palette');
    });

    it('offers each example in the menu', async () => {
      const dialog = await editor.openExamples(PACKAGE);
      for (const title of TITLES) await (await editor.exampleEntry(dialog, title)).waitFor();
      await editor.shot('examples');
      await dialog.locator('#red-ui-clipboard-dialog-cancel').click();
    });

    for (const title of TITLES) {
      it(`imports and deploys "${title}"`, async () => {
        const known = new Set((await editor.nodes()).map(({ id }) => id));
        await editor.importExample(PACKAGE, title);
        const nodes = await editor.nodes();
        assert.ok(
          nodes.some((node) => ours(node) && !known.has(node.id)),
          'nothing was imported',
        );
        assert.deepEqual(
          nodes.filter(({ unknown }) => unknown),
          [],
          'unknown nodes',
        );
        assert.deepEqual(
          nodes.filter(({ valid }) => !valid),
          [],
          'invalid nodes',
        );
        await editor.deploy();
        await editor.quiet();
        await editor.reveal(nodes.find((node) => !known.has(node.id) && !node.config)!);
        await editor.shot(`deployed ${title.replace('/', ' - ')}`);
        assert.ok(nodeRed?.alive, nodeRed?.log.join('\n'));
      });
    }

    it('says in the config dialog what is wrong, what does not fit the model, and whether it works', async () => {
      const config = (await editor.nodes()).find(({ type }) => type === 'gemini-live-config');
      const dialog = await editor.openDialog(config!);
      const field = (name: string) => dialog.locator(`#node-config-input-${name}`);
      await dialog.locator('.gemini-live-test button').click();
      await dialog.locator('.gemini-live-good', { hasText: 'local rehearsal server' }).waitFor();
      const tab = (name: string) => dialog.locator(`#red-ui-tab-gemini-live-config-tab-${name}`);
      await tab('answer').locator('a').first().click();
      await field('temperature').fill('9');
      await field('temperature').press('Tab');
      await dialog.locator('#red-ui-tab-gemini-live-config-tab-answer.gemini-live-wrong').waitFor();
      await field('temperature').fill('');
      await field('codeExecution').check();
      await dialog.locator('#red-ui-tab-gemini-live-config-tab-answer:not(.gemini-live-wrong)').waitFor();
      assert.match((await dialog.locator('.gemini-live-warnings').textContent()) ?? '', /run code.*3\.1/);
      await editor.page.waitForTimeout(450); // two clicks within that time would be a double click
      await tab('general').locator('a').first().click();
      await field('endpoint').selectOption('vertex');
      assert.equal(await field('project').isVisible(), true);
      assert.equal(await field('apiKey').isVisible(), false);
      await editor.shot('config that needs more');
      await editor.cancelDialog();
    });

    for (const theme of themes) {
      it(`opens every dialog of ours in the ${theme} theme`, async () => {
        if (themes.length > 1) await editor.theme(theme);
        const faults: string[] = [];
        const seen = new Set<string>();
        for (const node of (await editor.nodes()).filter(ours)) {
          // Dialogs of one type differ little: one of each example would take minutes.
          if (seen.has(node.type)) continue;
          await editor.openDialog(node);
          await editor.shot(`${theme} ${node.type}`);
          seen.add(node.type);
          for (const fault of await editor.faults()) faults.push(`${node.type} "${node.label}": ${fault}`);
          await editor.cancelDialog();
        }
        assert.deepEqual([...new Set(faults)], []);
        assert.deepEqual([...seen].sort(), declaredTypes(), 'types that no example uses');
      });

      it(`shows all tabs of the config node in the ${theme} theme`, async () => {
        const config = (await editor.nodes()).find(({ type }) => type === 'gemini-live-config');
        const dialog = await editor.openDialog(config!);
        const faults: string[] = [];
        for (const tab of ['answer', 'hearing', 'lasting', 'limits', 'advanced', 'general']) {
          await editor.page.waitForTimeout(450); // two clicks within that time would be a double click
          await dialog.locator(`#red-ui-tab-gemini-live-config-tab-${tab} a`).first().click();
          await dialog.locator(`[data-tab=${tab}]:not([hidden])`).waitFor();
          await editor.shot(`${theme} config ${tab}`);
          for (const fault of await editor.faults()) faults.push(`${tab}: ${fault}`);
        }
        assert.deepEqual(faults, []);
        await editor.cancelDialog();
      });
    }
  });
}

async function install(userDir: string): Promise<void> {
  await installInto(userDir);
  for (const name of THEIRS) await linkInto(userDir, name);
}

function declaredTypes(): string[] {
  const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    'node-red': { nodes: Record<string, string> };
  };
  return Object.keys(manifest['node-red'].nodes).sort();
}
