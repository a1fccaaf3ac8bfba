import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { WebSocket, type ClientOptions } from 'ws';
import type { LocalLiveServer } from '../../src/server';
import { geminiPath, NATIVE, VERTEX_MODEL, VERTEX_PATH, WireClient } from '../support/wire-client';
import { closeServers, rehearsal } from './helpers';

interface Refused {
  status: number;
  body: string;
}

async function refused(server: LocalLiveServer, where: string, options?: ClientOptions): Promise<Refused> {
  const socket = new WebSocket(server.url.replace('http', 'ws') + where, options);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, http.IncomingMessage];
  response.setEncoding('utf8');
  const body = (await response.toArray()).join('');
  return { status: response.statusCode ?? 0, body };
}

describe('local Live server: wire', () => {
  let server: LocalLiveServer;
  before(async () => {
    server = await rehearsal();
  });
  after(closeServers);

  it('answers the setup with 26 bytes of indented JSON in a binary frame', async () => {
    const client = await WireClient.start(server, { model: NATIVE });
    assert.equal(client.frames[0]?.toString(), '{\n  "setupComplete": {}\n}\n');
    assert.equal(client.frames[0]?.length, 26);
    assert.equal(client.gotText, false);
    client.close();
  });

  it('names the session on Vertex AI', async () => {
    const client = await WireClient.start(server, { model: VERTEX_MODEL }, VERTEX_PATH);
    assert.match(client.messages[0]?.setupComplete?.sessionId ?? '', /^[0-9a-f-]{36}$/);
    client.close();
  });

  const single = geminiPath().slice(1);
  for (const where of [
    single,
    geminiPath('v1'),
    geminiPath('v1alpha'),
    geminiPath('v1beta'),
    `/${geminiPath('v1beta')}`,
    single.replace('/ws/', '/ws//'),
    `${single}?key=K`,
  ]) {
    it(`serves ${where}`, async () => {
      const client = await WireClient.start(server, { model: NATIVE }, where);
      client.close();
    });
  }

  for (const where of [VERTEX_PATH, VERTEX_PATH.replace('v1beta1', 'v1'), `/${VERTEX_PATH}`]) {
    it(`serves ${where}`, async () => {
      const client = await WireClient.start(server, { model: VERTEX_MODEL }, where);
      client.close();
    });
  }

  for (const where of ['/', '/ws', geminiPath('v2'), `${single}X`, '/%', '///', '/ws/../etc']) {
    it(`does not serve ${where}, and says what it serves`, async () => {
      const { status, body } = await refused(server, where);
      assert.equal(status, 404);
      assert.match(body, /serves only the Live API/);
    });
  }

  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example', 'nonsense']) {
    it(`refuses pages from ${origin}`, async () => {
      const { status, body } = await refused(server, single, { headers: { origin } });
      assert.equal(status, 403);
      assert.match(body, /other origins/);
    });
  }

  for (const origin of ['http://127.0.0.1:1880', 'http://localhost:1880', 'http://[::1]:1880']) {
    it(`lets pages from ${origin} in`, async () => {
      const client = await WireClient.start(server, { model: NATIVE }, single, { headers: { origin } });
      client.close();
    });
  }

  it('answers a browser that opens its address in words', async () => {
    const home = await fetch(server.url);
    assert.equal(home.status, 200);
    assert.match(await home.text(), /local Gemini Live server/);
    assert.equal((await fetch(`${server.url}/else`)).status, 404);
  });

  it('does without compression, even when offered', async () => {
    const client = await WireClient.open(server, undefined, { perMessageDeflate: true });
    assert.equal(client.socket.extensions, '');
    client.close();
  });

  it('reads messages cut into many fragments', async () => {
    const client = await WireClient.open(server);
    const text = JSON.stringify({ setup: { model: NATIVE } });
    [...text].forEach((char, i) => client.socket.send(char, { fin: i === text.length - 1, binary: false }));
    await client.until((messages) => messages.length > 0);
    client.close();
  });

  it('ends a connection whose message is too large with 1009', async () => {
    const client = await WireClient.start(server, { model: NATIVE });
    client.send(Buffer.alloc(16 * 1024 * 1024 + 1, 0x20));
    assert.equal((await client.end()).code, 1009);
  });

  it('survives broken WebSocket frames and half requests', async () => {
    const client = await WireClient.start(server, { model: NATIVE });
    const raw = (client.socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
    raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]));
    await client.end();
    const request = http.request(`${server.url}${single}`, {
      headers: { connection: 'Upgrade', upgrade: 'x' },
    });
    request.on('error', () => {});
    request.end();
    await once(request, 'close');
    const good = await WireClient.start(server, { model: NATIVE });
    good.close();
  });

  it('takes every setup that the official SDK was seen to send, but for those the service refuses', async () => {
    const folder = path.join(__dirname, '../golden');
    // TEXT on a model that only speaks; proactivity needs v1alpha; a handle from nowhere; a thinking level on 2.5.
    const refusedOnes: Record<string, RegExp> = {
      'cfg-modalities-text': /^1007 .*\(TEXT\)/,
      'cfg-proactivity': /^1007 .*"proactivity"/,
      'cfg-resume-handle': /^1008 Requested entity/,
      'cfg-thinking-level': /^1007 Request contains an invalid argument/,
    };
    const made = await fetch(`${server.url}/v1alpha/auth_tokens`, { method: 'POST', body: '{"uses":0}' });
    const token = ((await made.json()) as { name: string }).name;
    let taken = 0;
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
      const golden = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as {
        name: string;
        url?: string;
        frames?: Array<{ json: { setup?: object } }>;
      };
      const first = golden.frames?.[0]?.json;
      if (!first?.setup || !golden.url?.includes('BidiGenerateContent')) continue;
      const url = golden.url.replace(/auth_tokens\/[^&]*/, token);
      const client = await WireClient.open(server, url);
      client.send(first);
      const reason = refusedOnes[golden.name];
      if (reason) {
        const { code, reason: why } = await client.end();
        assert.match(`${code} ${why}`, reason, golden.name);
        continue;
      }
      await client.until((messages) => messages.length > 0, `the answer to ${golden.name}`);
      client.close();
      taken++;
    }
    assert.ok(taken > 50, `only ${taken} setups were tried`);
  });
});
