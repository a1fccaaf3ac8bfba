import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { buildTalkPage } from '../../scripts/build/talk-page';
import { TalkHub, type TalkHubOptions, type TalkPage } from '../../src/talk';
import { wavHeader } from '../../src/media/wav';
import { openBrowser } from '../support/browser';
import { bytesOf, tone } from '../support/sound';

/** Two prefixes deep, as behind a reverse proxy: the page must find everything by its own address. */
const BASE = '/house/talk';

/** The hub with the page as it is built, on a port of its own. */
export class PageHost {
  readonly page: TalkPage;

  private constructor(
    readonly hub: TalkHub,
    private readonly server: Server,
    /** Where the page was built. */
    readonly folder: string,
  ) {
    this.page = hub.page('kitchen');
  }

  static async start(options: TalkHubOptions = {}, port = 0): Promise<PageHost> {
    const folder = await mkdtemp(path.join(tmpdir(), 'talk-page-'));
    await buildTalkPage(folder);
    const hub = new TalkHub({ path: BASE, pin: false, files: folder, ...options });
    const server = createServer((request, response) => {
      if (!hub.handle(request, response)) response.writeHead(404).end();
    });
    server.on('upgrade', (request, socket, head) => {
      if (!hub.upgrade(request, socket, head)) socket.destroy();
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new PageHost(hub, server, folder);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return this.urlOf(`127.0.0.1:${this.port}`);
  }

  urlOf(host: string): string {
    return `http://${host}${BASE}/kitchen`;
  }

  async stop(): Promise<void> {
    await this.hub.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Bursts, because noise suppression takes a tone that never ends for noise. */
export const MICROPHONE_HZ = 700;

/** A browser whose microphone is a file, whose camera is Chromium's test picture, and which allows both without asking. */
export async function openTalkBrowser(
  flags: readonly string[] = [],
): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'talk-sound-'));
  const file = path.join(folder, 'microphone.wav');
  const format = { mime: 'audio/pcm', rate: 48_000, channels: 1 };
  const burst = bytesOf(tone(MICROPHONE_HZ, 250, format.rate, 0.6));
  const data = Buffer.concat([burst, Buffer.alloc(burst.length)]);
  await writeFile(file, Buffer.concat([wavHeader(format, data.length), data]));
  const browser = await openBrowser([
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-audio-capture=${file}`,
    ...flags,
  ]);
  const close = async (): Promise<void> => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { context: browser.context, close };
}

/** A page, with what it complained of on its console and what it asked the network for. */
export type TalkTab = Page & { complaints: string[]; asked: string[] };

/** Waits until something is so, generously: the machine may be busy. */
export async function until(
  check: () => boolean | Promise<boolean>,
  what: string,
  ms = 30_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`Waited ${ms} ms in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Opens the page, taps what it plays, and keeps what it complains of and asks for. */
export async function openPage(context: BrowserContext, url: string): Promise<TalkTab> {
  const page = Object.assign(await context.newPage(), { complaints: [] as string[], asked: [] as string[] });
  page.on('console', (message) => {
    if (/^(error|warning)$/.test(message.type())) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('request', (request) => page.asked.push(request.url()));
  await page.addInitScript({ path: path.join(__dirname, 'page-tap.js') });
  await page.goto(url);
  return page;
}

/** How loud the page is just now: the peak of the last 40 ms or so, 0…1. */
export const loudness = (page: Page): Promise<number> =>
  page.evaluate(() => (globalThis as unknown as { talkTap: () => number }).talkTap());
