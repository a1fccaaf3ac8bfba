import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMedia, PCM_24K } from '../src/media';
import type { TalkPage } from '../src/talk';
import { FromClient } from '../src/talk/wire';
import { startTalk, Visitor } from '../test/support/talk';
import { p99, row, type Row } from './row';

const FRAMES = 400;
const FRAME_MS = 20;
const FLUSHES = 100;
/** The first ones pay for the compiler. */
const WARM_UP = 50;

/** What the way over the talk page adds: a real HTTP server and WebSocket on loopback, both ends in this process. */
export async function rows(): Promise<Row[]> {
  const host = await startTalk();
  try {
    const page = host.hub.page('bench');
    page.microphone();
    const browser = await Visitor.open(host.base, 'bench');
    return [await microphone(page, browser), await answer(page, browser), await flush(page, browser)];
  } finally {
    await host.close();
  }
}

async function microphone(page: TalkPage, browser: Visitor): Promise<Row> {
  browser.send({ type: 'talk', on: true, mode: 'press' });
  await browser.told('floor', ({ who }) => who === 'you');
  const reader = page.microphone().open();
  const late: number[] = [];
  let sentAt = 0;
  reader.on('data', () => late.push(performance.now() - sentAt));
  for (let i = 0; i < FRAMES; i += 1) {
    sentAt = performance.now();
    browser.frame(FromClient.microphone, Buffer.alloc(640, i));
    await sleep(FRAME_MS);
  }
  reader.destroy();
  browser.send({ type: 'talk', on: false, mode: 'press' });
  const values = late.slice(WARM_UP);
  return row('talk page: browser → microphone handle', 'ms', values, `${p99(values)}, 20 ms frames`);
}

async function answer(page: TalkPage, browser: Visitor): Promise<Row> {
  const writer = createMedia({ format: PCM_24K, policy: 'retain' });
  const done = page.play(writer.handle);
  const from = browser.frames.length;
  const written: number[] = [];
  for (let i = 0; i < FRAMES; i += 1) {
    written.push(performance.now());
    writer.write(Buffer.alloc(FRAME_MS * 48, i));
    await sleep(FRAME_MS);
  }
  await browser.until(() => browser.frames.length >= from + FRAMES, 'all sound');
  const values = browser.frames.slice(from).map(({ at }, i) => at - written[i]!);
  writer.abort('CANCELLED');
  await done;
  return row(
    'talk page: answer handle → browser',
    'ms',
    values.slice(WARM_UP),
    `${p99(values)}, 20 ms chunks`,
  );
}

/** The whole turn is there and the browser is as far ahead as it may be: the worst time for a flush. */
async function flush(page: TalkPage, browser: Visitor): Promise<Row> {
  const values: number[] = [];
  for (let i = 0; i < FLUSHES; i += 1) {
    const writer = createMedia({ format: PCM_24K, policy: 'retain' });
    const done = page.play(writer.handle);
    writer.write(Buffer.alloc(10_000 * 48, i));
    await once(browser.socket, 'message');
    await sleep(2 * FRAME_MS);
    const { stream } = browser.all('audio').at(-1)!;
    const told = browser.told('flush', (message) => message.stream === stream);
    const at = performance.now();
    writer.abort('INTERRUPTED');
    await told;
    values.push(performance.now() - at);
    await done;
  }
  return row(
    'talk page: abort → flush at the browser',
    'ms',
    values,
    `${p99(values)}, in the middle of a turn`,
  );
}
