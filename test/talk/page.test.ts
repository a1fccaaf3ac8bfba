import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { capturedAt } from '../../src/media';
import { browserMissing } from '../support/browser';
import { turn } from '../support/media';
import { skipWithout } from '../support/skip';
import { rms, samplesOf, toneShare } from '../support/sound';
import {
  loudness,
  MICROPHONE_HZ,
  openPage,
  openTalkBrowser,
  PageHost,
  until,
  type TalkTab,
} from './page-host';

describe('talk page in a browser', function () {
  this.timeout(120_000);
  let host: PageHost;
  let browser: Awaited<ReturnType<typeof openTalkBrowser>>;
  let tab: TalkTab;

  before(async function () {
    skipWithout(this, browserMissing);
    [host, browser] = await Promise.all([
      PageHost.start(),
      openTalkBrowser(['--auto-select-tab-capture-source-by-title=kitchen']),
    ]);
    tab = await openPage(browser.context, host.url);
    await until(() => host.page.clients.length === 1, 'the page to say hello');
  });

  after(async () => {
    await browser?.close();
    await host?.stop();
  });

  afterEach(() => assert.deepEqual(tab.complaints.splice(0), [], 'the page complained'));

  const words = (id: string): Promise<string> => tab.locator(`#${id}`).innerText();
  const says = (id: string, what: RegExp): Promise<void> =>
    until(async () => what.test(await words(id)), `#${id} to say ${what}`);
  const choose = (mode: string): Promise<void> => tab.locator('.modes label', { hasText: mode }).click();

  it('finds everything under any prefix, asks nobody else, weighs little', async () => {
    assert.equal(await words('page-name'), 'kitchen');
    assert.equal(await tab.title(), 'kitchen · Talk');
    await says('connection-words', /^Connected$/);
    const { origin } = new URL(host.url);
    const abroad = tab.asked.filter((url) => !/^(blob|data):/.test(url) && new URL(url).origin !== origin);
    assert.deepEqual(abroad, []);
    const sizes = await Promise.all(
      (await readdir(host.folder)).map(async (name) => (await stat(path.join(host.folder, name))).size),
    );
    const kilobytes = sizes.reduce((sum, size) => sum + size, 0) / 1000;
    assert.ok(kilobytes < 150, `the page weighs ${kilobytes} kB`);
  });

  it('can be installed, each page as an app of its own', async () => {
    const [manifest] = await Promise.all([
      tab.evaluate(async () => {
        const link = document.querySelector<HTMLLinkElement>('link[rel=manifest]')!;
        const value = (await (await fetch(link.href)).json()) as {
          start_url: string;
          icons: { src: string }[];
        };
        const icons = value.icons.map(({ src }) =>
          fetch(new URL(src, link.href)).then(({ status }) => status),
        );
        return { start: new URL(value.start_url, link.href).href, icons: await Promise.all(icons) };
      }),
      tab.evaluate(async () => (await navigator.serviceWorker.ready).scope),
    ]);
    assert.equal(manifest.start, host.url);
    assert.deepEqual(new Set(manifest.icons), new Set([200]));
    // The app opens without a network, says so, and is there again with it.
    await tab.reload();
    await until(
      () => tab.evaluate(async (url) => !!(await caches.match(url)), host.url),
      'the page to be kept',
    );
    await browser.context.setOffline(true);
    await tab.reload();
    await says('connection-words', /^This device has no network\.$/);
    await browser.context.setOffline(false);
    await says('connection-words', /^Connected$/);
    tab.complaints.length = 0; // of requests that failed
  });

  it('sends what is said at 16 kHz between two presses, and shows the level', async () => {
    const reader = host.page.microphone().open();
    const pieces: Buffer[] = [];
    reader.on('data', (piece: Buffer) => pieces.push(piece));
    const began = once(host.page, 'talk');
    await tab.click('#talk');
    assert.deepEqual((await began)[0], { on: true, mode: 'press' });
    await says('talk-words', /^Listening/);
    assert.equal(await tab.getAttribute('#talk', 'aria-pressed'), 'true');
    await until(() => Buffer.concat(pieces).length > 2 * 16_000 * 2, 'two seconds of sound');
    await until(
      async () => Number(await tab.getAttribute('#meter', 'aria-valuenow')) > 30,
      'the meter to move',
    );
    const ended = once(host.page, 'talk');
    await tab.click('#talk');
    assert.deepEqual((await ended)[0], { on: false, mode: 'press' });
    await says('talk-words', /^Press to talk$/);
    reader.destroy();
    assert.equal(new Set(pieces.slice(0, -1).map((piece) => piece.length)).size, 1);
    assert.notEqual(capturedAt(pieces[0]!), undefined);
    const heard = samplesOf(Buffer.concat(pieces));
    const shares = [];
    for (let at = 0; at + 1600 < heard.length; at += 800) {
      const part = heard.slice(at, at + 1600);
      if (rms(part) > 0.05) shares.push(toneShare(part, MICROPHONE_HZ, 16_000));
    }
    assert.ok(Math.max(...shares) > 0.9, `the tone of the microphone is not heard: ${shares.join(' ')}`);
  });

  it('talks while a key is held, and while the button is', async () => {
    await choose('Hold');
    await says('talk-words', /^Hold to talk$/);
    const talks: boolean[] = [];
    host.page.on('talk', ({ on, mode }) => mode === 'hold' && talks.push(on));
    await tab.evaluate(() => (document.activeElement as HTMLElement).blur());
    await tab.keyboard.down(' ');
    await until(() => talks.length === 1, 'talking to begin');
    await tab.keyboard.up(' ');
    await until(() => talks.length === 2, 'talking to end');
    await tab.hover('#talk');
    await tab.mouse.down();
    await until(() => talks.length === 3, 'talking to begin again');
    await tab.mouse.up();
    await until(() => talks.length === 4, 'talking to end again');
    assert.deepEqual(talks, [true, false, true, false]);
    // A screen reader cannot hold a button: its click switches.
    await tab.evaluate(() => document.getElementById('talk')!.click());
    await until(() => talks.length === 5, 'a click without a pointer');
    await tab.evaluate(() => document.getElementById('talk')!.click());
    await until(() => talks.length === 6, 'another one');
    host.page.removeAllListeners('talk');
    await choose('Press');
  });

  it('plays an answer to its end and tells how far it was heard', async () => {
    const writer = turn(440, 900);
    writer.end();
    const positions: number[] = [];
    writer.handle.on('played', (ms) => positions.push(ms));
    const done = host.page.play(writer.handle);
    await until(async () => (await loudness(tab)) > 0.2, 'sound');
    await says('talk-words', /^Answering/);
    assert.deepEqual(await done, { playedMs: 900, aborted: false });
    assert.ok(
      positions.length > 2 && positions.some((ms) => ms > 0 && ms < 900),
      `told ${positions.join(' ')}`,
    );
    await says('talk-words', /^Press to talk$/);
  });

  it('is silent at once when the answer is aborted, and says where', async () => {
    const writer = turn(440, 20_000);
    const done = host.page.play(writer.handle);
    await until(() => writer.handle.played.ms > 200, 'the answer to be heard');
    writer.abort('INTERRUPTED', 'Somebody spoke.');
    assert.equal((await done).aborted, true);
    await until(async () => (await loudness(tab)) === 0, 'silence');
    const { ms } = writer.handle.played;
    assert.ok(ms > 200 && ms < 20_000, `heard ${ms} ms`);
    assert.equal(await tab.locator('#stop').isDisabled(), true);
  });

  it('stops the answer by a button and by a key', async () => {
    for (const stop of [() => tab.click('#stop'), () => tab.keyboard.press('Escape')]) {
      const writer = turn(440, 20_000);
      const done = host.page.play(writer.handle);
      await until(async () => (await loudness(tab)) > 0.2, 'sound');
      const told = once(host.page, 'stop');
      await stop();
      await told;
      assert.equal((await done).aborted, true);
      await until(async () => (await loudness(tab)) === 0, 'silence');
    }
  });

  it('writes both sides down as they grow, with what the model calls', async () => {
    const { page } = host;
    page.tell({ type: 'state', state: 'thinking', words: 'Thinking · local rehearsal' });
    await says('connection-words', /^Thinking · local rehearsal$/);
    page.tell({ type: 'text', role: 'model', text: 'The light', final: false, turn: 1 });
    page.tell({ type: 'text', role: 'user', text: 'Light <on>', final: true, turn: 1 });
    page.tell({ type: 'tool', id: 'a', name: 'set_light', args: { room: 'kitchen' } });
    await says('transcript', /set_light\s+room: kitchen\s+running/);
    page.tell({
      type: 'tool',
      id: 'a',
      name: 'set_light',
      args: { room: 'kitchen' },
      outcome: 'ok',
      ms: 420,
    });
    page.tell({ type: 'text', role: 'model', text: 'The light is on.', final: true, turn: 1 });
    await says('transcript', /The light is on\./);
    const lines = (await words('transcript')).split(/\n+/).filter((line) => line.trim() !== '');
    assert.deepEqual(lines, [
      'You',
      'Light <on>',
      'Answer',
      'The light is on.',
      'set_light',
      'room: kitchen',
      'done · 0.4 s',
    ]);
    await until(
      async () => (await tab.locator('#announcer').textContent()) === 'Answer: The light is on.',
      'the announcer',
    );
  });

  it('sends what is typed, once in the transcript, and a recording as it is', async () => {
    host.page.once('text', (text) =>
      host.page.tell({ type: 'text', role: 'user', text, final: true, turn: 2 }),
    );
    await tab.fill('#text', 'What time is it?');
    await tab.keyboard.press('Enter');
    await until(
      async () => (await tab.locator('.entry.user:not(.growing)').count()) === 2,
      'the text to be confirmed',
    );
    assert.equal(await tab.locator('.entry', { hasText: 'What time is it?' }).count(), 1);
    const buffer = Buffer.alloc(200_000, 7);
    const sent = once(host.page, 'file');
    await tab.setInputFiles('#file', { name: 'note.wav', mimeType: 'audio/wav', buffer });
    const [file] = (await sent) as [{ mime: string; name: string; data: Buffer }];
    assert.deepEqual([file.mime, file.name], ['audio/wav', 'note.wav']);
    assert.ok(file.data.equals(buffer));
    await says('notice', /note\.wav/);
    await tab.setInputFiles('#file', { name: 'letter.txt', mimeType: 'text/plain', buffer });
    await says('notice', /is no sound/);
    await tab.click('#notice-close');
  });

  it('shares the camera, and shows what the model sees', async () => {
    const camera = host.page.camera().open();
    const switched = once(host.page, 'video');
    await tab.click('#camera');
    assert.equal((await switched)[0], 'camera');
    const [jpeg] = (await once(camera, 'data')) as [Buffer];
    camera.destroy();
    assert.equal(jpeg.subarray(0, 2).toString('hex'), 'ffd8');
    const seen = (): Promise<boolean> =>
      tab.locator('#sees-picture').evaluate((image: HTMLImageElement) => image.naturalWidth > 100);
    await until(seen, 'the picture');
    host.page.show(jpeg);
    await says('sees-words', /\d/);
    const over = once(host.page, 'video');
    await tab.click('#camera');
    assert.equal((await over)[0], 'off');
    await tab.locator('#sees').waitFor({ state: 'hidden' });
    host.page.show(Buffer.concat([jpeg, Buffer.of(0)])); // of a camera somewhere else
    await tab.locator('#sees').waitFor();
    await until(seen, 'the picture from elsewhere');
  });

  it('shares a screen', async () => {
    const switched = once(host.page, 'video');
    const camera = host.page.camera().open();
    await tab.click('#screen');
    assert.equal((await switched)[0], 'screen');
    await once(camera, 'data');
    camera.destroy();
    const over = once(host.page, 'video');
    await tab.click('#screen');
    assert.equal((await over)[0], 'off');
    assert.equal(await tab.getAttribute('#screen', 'aria-pressed'), 'false');
  });

  it('chooses devices, and keeps what was chosen', async () => {
    await tab.click('#settings-open');
    const microphone = tab.locator('#device-microphone');
    await until(async () => (await microphone.locator('option').count()) > 1, 'the devices');
    await microphone.selectOption({ index: 1 });
    await tab.fill('#own-name', 'Tablet');
    await tab.keyboard.press('Escape');
    await choose('Hands-free');
    await tab.reload();
    await until(
      () => host.page.clients.some(({ name }) => name === 'Tablet'),
      'its name after loading again',
    );
    await says('talk-words', /^Press once, then just talk$/);
    await tab.click('#settings-open');
    await until(async () => (await microphone.inputValue()) !== '', 'the device that was chosen');
    await tab.keyboard.press('Escape');
    await choose('Press');
  });

  it('two clients: one talks, the other waits for its turn and sees who talks', async () => {
    const second = await openPage(browser.context, host.url);
    await second.bringToFront();
    await until(() => host.page.clients.length === 2, 'the second client');
    await says('clients', /^2 devices here$/);
    await second.click('#talk');
    await until(() => host.page.clients[1]?.floor === true, 'the second to have the floor');
    await says('talk-words', /is talking$/);
    await tab.click('#talk');
    await says('talk-words', /is talking\. You are next$/);
    await second.click('#talk');
    await says('talk-words', /^Listening/);
    await second.close();
    await tab.click('#talk');
    await says('talk-words', /^Press to talk$/);
  });
});
