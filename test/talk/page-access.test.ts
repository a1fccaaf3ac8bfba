import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { browserMissing } from '../support/browser';
import { skipWithout } from '../support/skip';
import { openPage, openTalkBrowser, PageHost, until, type TalkTab } from './page-host';

/** What axe-core gives back, as far as it is told when something is wrong. */
interface Report {
  violations: { help: string; nodes: { html: string; failureSummary?: string }[] }[];
}

describe('talk page for everybody', function () {
  this.timeout(120_000);
  let host: PageHost;
  let browser: Awaited<ReturnType<typeof openTalkBrowser>>;
  let tab: TalkTab;

  before(async function () {
    skipWithout(this, browserMissing);
    [host, browser] = await Promise.all([PageHost.start(), openTalkBrowser()]);
    await browser.context.addInitScript(await readFile(require.resolve('axe-core/axe.min.js'), 'utf8'));
    tab = await openPage(browser.context, host.url);
    await tab.emulateMedia({ reducedMotion: 'reduce' }); // what fades in is measured when it is there
    host.page.microphone();
    await until(() => host.page.clients.length === 1, 'the page');
  });

  after(async () => {
    await browser?.close();
    await host?.stop();
  });

  /** No rule of axe-core is broken, in light on a desk and in dark on a phone, and nothing stands out. */
  async function accessible(): Promise<void> {
    for (const [colorScheme, width, height] of [
      ['light', 1280, 860],
      ['dark', 390, 844],
    ] as const) {
      await tab.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await tab.setViewportSize({ width, height });
      const { violations } = (await tab.evaluate('axe.run()')) as Report;
      const told = violations.map(({ help, nodes }) => [
        help,
        nodes.map((node) => [node.html, node.failureSummary]),
      ]);
      assert.deepEqual(told, [], `${colorScheme}, ${width} pixels wide`);
      const wider = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.equal(wider, 0, `something stands out by ${wider} pixels at ${width}`);
    }
  }

  it('as it opens', accessible);

  it('in the middle of a conversation, with a notice and a picture', async () => {
    const { page } = host;
    page.tell({ type: 'state', state: 'thinking', words: 'Thinking · local rehearsal' });
    page.tell({ type: 'text', role: 'user', text: 'What is at the door?', final: true, turn: 1 });
    page.tell({ type: 'text', role: 'thought', text: 'I should look.', final: true, turn: 1 });
    page.tell({ type: 'tool', id: 'a', name: 'look', args: { camera: 'door' } });
    page.tell({ type: 'tool', id: 'b', name: 'open', args: { door: 1 }, outcome: 'error', ms: 900 });
    page.tell({ type: 'text', role: 'model', text: 'A parcel, and', final: false, turn: 1 });
    page.tell({ type: 'error', code: 'TOO_FAST', message: 'That was too much.', advice: 'Wait a moment.' });
    await tab.click('#camera');
    await tab.locator('#sees').waitFor();
    await tab.click('#talk');
    await until(async () => (await tab.getAttribute('#talk', 'data-state')) === 'on', 'talking');
    await tab.locator('.tool summary').first().click();
    await accessible();
  });

  it('in its dialogs', async () => {
    await tab.click('#settings-open');
    await tab.locator('#settings').waitFor();
    await accessible();
    await tab.keyboard.press('Escape');
  });

  it('when it is not connected', async () => {
    await host.hub.remove('kitchen');
    await until(async () => (await tab.getAttribute('#talk', 'data-state')) === 'away', 'the page to notice');
    await tab.locator('#retry').waitFor();
    await accessible();
  });

  it('is used from the keyboard alone: every control is reached', async () => {
    const reached = new Set<string>();
    await tab.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    for (let step = 0; step < 25; step += 1) {
      await tab.keyboard.press('Tab');
      reached.add(
        await tab.evaluate(
          () => document.activeElement?.id || document.activeElement?.getAttribute('name') || '',
        ),
      );
    }
    for (const id of [
      'settings-open',
      'retry',
      'scroll',
      'mode',
      'camera',
      'screen',
      'talk',
      'attach',
      'text',
    ])
      assert.ok(reached.has(id), `${id} is not reached, only ${[...reached].join(' ')}`);
  });
});
