import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/** The browser that tests drive: `CHROME_PATH`, else Debian's. */
export const chromePath = process.env.CHROME_PATH ?? '/usr/bin/chromium';

/** Why there is no browser, to be said when a test skips. */
export const browserMissing = existsSync(chromePath)
  ? undefined
  : `no browser at ${chromePath}: install the Debian package chromium, or set CHROME_PATH`;

/** Works as root and without a network: Chromium's own background traffic is off. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * A headless browser with an empty profile of its own; `close` ends it and removes the profile.
 * @param flags further switches of Chromium, e.g. for a microphone that is a file
 */
export async function openBrowser(
  flags: readonly string[] = [],
): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  const profile = await mkdtemp(path.join(tmpdir(), 'browser-'));
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: chromePath,
      headless: true,
      args: [...FLAGS, ...flags],
      viewport: { width: 1400, height: 900 },
      locale: 'en-US',
    });
    const close = async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 3 });
    };
    return { context, close };
  } catch (error) {
    await rm(profile, { recursive: true, force: true });
    throw error;
  }
}
