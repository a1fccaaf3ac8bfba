import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { samplePath } from '../../nodes/shared/admin';
import { openAudioInput, wavHeader } from '../../src/media';
import { browserMissing, openBrowser } from '../support/browser';
import { NodeRed, type NodeRedRuntime } from '../support/node-red';
import { packedPackage } from '../support/package';
import { PrefixProxy } from '../support/prefix-proxy';
import { skipWithout } from '../support/skip';
import { loudness, openPage, until, type TalkTab } from '../talk/page-host';
import { example } from './flows';

const LOGIN = { username: 'me', password: 'open sesame' };
/** The same, hashed as Node-RED wants it. */
const PASS = '$2b$04$HweAPvDg5WulbbpZiSN15uAE.H6LFsMdszA82yj61IDs/mkCYh0R.';
const FORMAT = { mime: 'audio/pcm', rate: 48_000, channels: 1 };
/** Between two times that the microphone asks (s): longer than an answer. */
const PAUSE_S = 12;

/** A spoken question as the microphone of the browser, again and again. */
async function question(folder: string): Promise<string> {
  const source = { file: (await samplePath('what-time-is-it'))! };
  const chunks: Buffer[] = [];
  for await (const chunk of openAudioInput({ source, output: FORMAT, realtime: false })) chunks.push(chunk);
  const lead = Buffer.alloc(FORMAT.rate * 2);
  const data = Buffer.concat([lead, ...chunks, Buffer.alloc(PAUSE_S * FORMAT.rate * 2)]);
  const file = path.join(folder, 'question.wav');
  await writeFile(file, Buffer.concat([wavHeader(FORMAT, data.length), data]));
  return file;
}

/** The example in real Node-RED, used from a real browser, through a reverse proxy, behind a login. */
export function describeTalk(name: string, find: () => NodeRedRuntime | { missing: string }): void {
  describe(`talk from a browser, in Node-RED ${name}`, function () {
    this.timeout(180_000);
    let runtime: NodeRedRuntime;
    let nodeRed: NodeRed;
    let proxy: PrefixProxy;
    let folder: string;
    let browser: Awaited<ReturnType<typeof openBrowser>> | undefined;
    let tab: TalkTab;

    const start = (userDir?: string): Promise<NodeRed> => {
      const httpNodeAuth = { user: LOGIN.username, pass: PASS };
      const settings = { httpNodeRoot: '/flows', httpNodeAuth };
      return NodeRed.start({ runtime, settings, ...(userDir && { userDir }) });
    };
    const words = (id: string): Promise<string> => tab.locator(`#${id}`).innerText();
    const says = (pattern: RegExp): Promise<void> =>
      until(async () => pattern.test(await words('transcript')), `the transcript to say ${pattern}`, 60_000);
    const sounds = (): Promise<void> => until(async () => (await loudness(tab)) > 0.02, 'the answer', 60_000);
    const silent = async (): Promise<void> => {
      await until(async () => (await loudness(tab)) === 0, 'silence');
    };
    const type = async (text: string): Promise<void> => {
      await tab.fill('#text', text);
      await tab.keyboard.press('Enter');
    };

    before(packedPackage);
    before(async function () {
      const found = find();
      skipWithout(this, 'missing' in found && found.missing);
      skipWithout(this, browserMissing);
      runtime = found as NodeRedRuntime;
      folder = await mkdtemp(path.join(tmpdir(), 'talk-run-'));
      nodeRed = await start();
      proxy = await PrefixProxy.start('/house', nodeRed.url);
      await nodeRed.deploy(example('18 - Talk from any browser'));
      browser = await openBrowser([
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        '--autoplay-policy=no-user-gesture-required',
        `--use-file-for-fake-audio-capture=${await question(folder)}`,
      ]);
    });
    after(async () => {
      await browser?.close();
      await proxy?.close();
      await nodeRed?.stop();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    it('asks for the login of flows, and opens no socket without', async () => {
      const page = `${proxy.url}/flows/gemini-live/talk/talk`;
      for (const address of [page, `${page}/token`]) assert.equal((await fetch(address)).status, 401);
      await browser!.context.setHTTPCredentials(LOGIN);
      tab = await openPage(browser!.context, page);
      await until(
        async () => (await words('connection-words')) !== '' && (await tab.locator('#talk').isEnabled()),
        'the page',
      );
    });

    it('hears what is said, and the browser hears the answer', async () => {
      await tab.click('#talk');
      await sounds();
      await says(/You\s+What time is it/i);
      await says(/Answer\s+It is /);
      await tab.click('#talk');
      await silent();
    });

    it('takes what is typed, and is silent when it is stopped', async () => {
      await type('tell me a story');
      await sounds();
      await tab.click('#stop');
      await silent();
      await says(/tell me a story/);
    });

    it('comes back by itself when Node-RED was started again', async () => {
      const { userDir } = nodeRed;
      await nodeRed.stop({ keep: true });
      nodeRed = await start(userDir);
      proxy.target = nodeRed.url;
      await until(() => nodeRed.log.some((line) => /Started flows/.test(line)), 'the flows', 60_000);
      await until(
        async () => /connected|conversation/i.test(await words('connection-words')),
        'the page to connect',
        60_000,
      );
      await type('good morning');
      await sounds();
      await says(/good morning/);
    });
  });
}
