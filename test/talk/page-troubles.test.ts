import assert from 'node:assert/strict';
import { once } from 'node:events';
import { browserMissing, openBrowser } from '../support/browser';
import { turn } from '../support/media';
import { skipWithout } from '../support/skip';
import { loudness, openPage, openTalkBrowser, PageHost, until, type TalkTab } from './page-host';

const words = (tab: TalkTab, id: string): Promise<string> => tab.locator(`#${id}`).innerText();
const says = (tab: TalkTab, id: string, what: RegExp): Promise<void> =>
  until(async () => what.test(await words(tab, id)), `#${id} to say ${what}`);

describe('talk page when something is wrong', function () {
  this.timeout(120_000);
  before(function () {
    skipWithout(this, browserMissing);
  });

  describe('without a microphone', () => {
    let host: PageHost;
    let browser: Awaited<ReturnType<typeof openBrowser>>;
    before(async () => {
      const flags = [
        '--use-fake-device-for-media-stream',
        '--deny-permission-prompts',
        '--host-resolver-rules=MAP talk.test 127.0.0.1',
      ];
      [host, browser] = await Promise.all([PageHost.start(), openBrowser(flags)]);
    });
    after(async () => {
      await browser?.close();
      await host?.stop();
    });

    it('says why it was refused, and takes typed text and a recording', async () => {
      const tab = await openPage(browser.context, host.url);
      await says(tab, 'connection-words', /^Connected$/);
      await tab.click('#talk');
      await says(tab, 'notice', /was not allowed to use the microphone[^]*Allow it for this site/);
      assert.equal(await tab.getAttribute('#talk', 'aria-pressed'), 'false');
      await says(tab, 'talk-words', /^Press to talk$/);
      const typed = once(host.page, 'text');
      await tab.click('#notice-type');
      await tab.keyboard.type('Hello');
      await tab.keyboard.press('Enter');
      assert.equal((await typed)[0], 'Hello');
      const sent = once(host.page, 'file');
      const [chooser] = await Promise.all([tab.waitForEvent('filechooser'), tab.click('#notice-file')]);
      await chooser.setFiles({ name: 'memo.m4a', mimeType: '', buffer: Buffer.alloc(10) });
      assert.equal(((await sent) as [{ mime: string }])[0].mime, 'audio/mp4');
      await tab.click('#camera');
      await says(tab, 'notice', /was not allowed to use the camera/);
      await tab.close();
    });

    it('says at once that HTTPS is missing, and still talks by text', async () => {
      const tab = await openPage(browser.context, host.urlOf(`talk.test:${host.port}`));
      await says(tab, 'notice', /opened without HTTPS[^]*https:\/\//);
      await says(tab, 'connection-words', /^Connected$/);
      assert.equal(await tab.locator('#notice-file').isVisible(), true);
      await tab.click('#notice-close');
      await tab.click('#talk');
      await says(tab, 'notice', /opened without HTTPS/);
      const typed = once(host.page, 'text');
      await tab.fill('#text', 'Hello');
      await tab.keyboard.press('Enter');
      assert.equal((await typed)[0], 'Hello');
      await tab.close();
    });
  });

  describe('with Node-RED', () => {
    let host: PageHost;
    let browser: Awaited<ReturnType<typeof openTalkBrowser>>;
    let tab: TalkTab;
    before(async () => {
      [host, browser] = await Promise.all([PageHost.start({ pin: true }), openTalkBrowser()]);
    });
    after(async () => {
      await browser?.close();
      await host?.stop();
    });

    it('asks for the PIN once', async () => {
      tab = await openPage(browser.context, host.url);
      await tab.locator('#pairing').waitFor();
      const { pin = '' } = host.hub;
      await tab.fill('#pin', pin === '000000' ? '000001' : '000000');
      await tab.keyboard.press('Enter');
      await says(tab, 'pin-error', /not right/);
      await tab.fill('#pin', pin);
      await tab.keyboard.press('Enter');
      await says(tab, 'connection-words', /^Connected$/);
      await tab.locator('#pairing').waitFor({ state: 'hidden' });
      await tab.reload();
      await says(tab, 'connection-words', /^Connected$/);
    });

    it('says that nobody listens', async () => {
      await tab.click('#talk');
      await says(tab, 'notice', /Nothing behind this page takes that/);
      await says(tab, 'talk-words', /^Press to talk$/);
      await tab.click('#notice-close');
      host.page.microphone(); // now somebody does
    });

    it('comes back by itself after a restart, goes on listening, and keeps what was said', async () => {
      await tab.locator('.modes label', { hasText: 'Hands-free' }).click();
      host.page.tell({ type: 'text', role: 'user', text: 'Before', final: true, turn: 1 });
      const began = once(host.page, 'talk');
      await tab.click('#talk');
      await began;
      const writer = turn(440, 20_000);
      const cut = host.page.play(writer.handle);
      await until(async () => (await loudness(tab)) > 0.2, 'sound');
      const { port } = host;
      await host.stop();
      await cut;
      await says(tab, 'talk-words', /nobody hears you/);
      await says(tab, 'connection-words', /Node-RED/);
      // A Node-RED that was started again: no cookie, token or stream of before holds, and turns are counted anew.
      host = await PageHost.start({ pin: false }, port);
      host.page.microphone();
      const again = once(host.page, 'talk');
      assert.deepEqual((await again)[0], { on: true, mode: 'hands-free' });
      await says(tab, 'talk-words', /^Listening/);
      await until(async () => (await loudness(tab)) === 0, 'silence');
      host.page.tell({ type: 'text', role: 'user', text: 'After', final: true, turn: 1 });
      await says(tab, 'transcript', /Before[^]*After/);
      const ended = once(host.page, 'talk');
      await tab.click('#talk');
      await ended;
    });

    it('says what Node-RED says when it puts the page out, and waits to be asked', async () => {
      host.page.tell({
        type: 'error',
        code: 'TOO_LARGE',
        message: 'That is too large.',
        advice: 'Send less.',
      });
      await says(tab, 'notice', /That is too large\.\s*Send less\./);
      await host.hub.remove('kitchen');
      await says(
        tab,
        'connection-words',
        /There is no talk page of that name|Connecting again|starting again/,
      );
      await says(tab, 'connection-words', /There is no talk page of that name/);
      assert.equal(await tab.locator('#retry').isVisible(), true);
      assert.equal(await tab.locator('#talk').getAttribute('data-state'), 'away');
    });
  });
});
