import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ToolList } from '../../nodes/mcp/list';
import { example, only } from '../runtime/flows';
import type { Comms, DebugMessage } from '../support/comms';
import { type FlowNode, NodeRed, type NodeRedRuntime } from '../support/node-red';
import { linkInto, packedPackage } from '../support/package';
import { descendants, hasProc, until } from '../support/processes';
import { skipWithout } from '../support/skip';
import { STDIO_SERVER } from './mcp-support';

const SECRET = 'secret-of-the-server-4712';
const TITLE = '12 - Tools of an MCP server';

/** The packed package and the official SDK in a real Node-RED. */
export function describeMcp(name: string, find: () => NodeRedRuntime | { missing: string }): void {
  describe(`MCP servers and Node-RED ${name}`, function () {
    this.timeout(120_000);
    let nodeRed: NodeRed;
    let comms: Comms;

    before(async function () {
      this.timeout(300_000); // the package may have to be made first
      const runtime = find();
      skipWithout(this, 'missing' in runtime && runtime.missing);
      await packedPackage();
      nodeRed = await NodeRed.start({ runtime: runtime as NodeRedRuntime });
      comms = await nodeRed.events();
    });
    after(() => nodeRed?.stop());

    /** The example as it is shipped, but for the port of this Node-RED. */
    async function deploy(change: object = {}): Promise<FlowNode[]> {
      const flow = example(TITLE);
      const { port } = new URL(nodeRed.url);
      const mcp = only(flow, 'gemini-live-mcp');
      Object.assign(mcp, { url: String(mcp.url).replace('1880', port) }, change);
      comms.clear();
      await nodeRed.deploy(flow);
      return flow;
    }
    const press = (flow: FlowNode[], words: string): Promise<void> =>
      nodeRed.inject(flow.find((node) => node.type === 'inject' && node.name === words)!.id);
    const says = (words: RegExp): Promise<DebugMessage> =>
      comms.debugged(({ msg }) => words.test(String(msg.payload)));
    const program = { transport: 'stdio', command: process.execPath, args: [STDIO_SERVER] };

    it('without the SDK the node is red and says in words how to add it', async () => {
      const { id } = only(await deploy(), 'gemini-live-mcp');
      await comms.status(
        (status) => status.id === id && status.fill === 'red' && status.text === 'no mcp sdk',
      );
      const { msg } = await comms.debugged(({ msg: { error } }) =>
        JSON.stringify(error ?? '').includes('NO_MCP_SDK'),
      );
      assert.ok(
        JSON.stringify(msg.error).includes(`npm install @modelcontextprotocol/sdk\\" in ${nodeRed.userDir}`),
      );
    });

    it('with it, the next deploy finds the server that is a flow, and the model uses its tools', async () => {
      await linkInto(nodeRed.userDir, '@modelcontextprotocol/sdk');
      const flow = await deploy();
      const { id } = only(flow, 'gemini-live-mcp');
      await comms.status((status) => status.id === id && status.text === '3 tools');
      await press(flow, 'turn on the kitchen light');
      await says(/^The kitchen light is on\.$/);
      await press(flow, 'how warm is it in the bedroom');
      await says(/19 degrees in the bedroom/);
      await press(flow, 'what is the weather like');
      await says(/^It is sunny, with 18 degrees outside\.$/);
      const seen = await comms.debugged(({ name, msg }) => name === 'the calls' && msg.topic === 'set_light');
      assert.deepEqual(seen.msg.payload, { room: 'kitchen', state: 'on' });
      assert.deepEqual(seen.msg.args, { room: 'kitchen', on: true });
    });

    it('lists the tools for the dialog, from what stands in it', async () => {
      const ask = (fields: object, credentials: object = {}): Promise<ToolList> =>
        nodeRed.admin('POST', 'gemini-live/mcp/tools', { id: 'none', fields, credentials });
      const { tools } = await ask(program);
      assert.equal(tools?.length, 11);
      assert.deepEqual(tools?.[0], { name: 'set_light', description: 'Switches a light.' });
      const failed = await ask(
        { ...program, args: [STDIO_SERVER, 'once'] },
        { env: `TEST_SECRET=${SECRET}` },
      );
      assert.equal(failed.ok, false);
      assert.match(failed.message ?? '', /no such account: \[secret\]/);
      assert.match((await ask({ transport: 'http', url: 'house' })).message ?? '', /begins with http/);
      if (hasProc) await until('nothing runs', () => descendants(nodeRed.pid).length === 0);
    });

    it('leaves no secret in flows, files and log, and no process behind', async () => {
      const flow = await deploy({ ...program, credentials: { env: `TEST_SECRET=${SECRET}` } });
      const { id } = only(flow, 'gemini-live-mcp');
      await comms.status((status) => status.id === id && status.text === '11 tools');
      const server = hasProc ? descendants(nodeRed.pid) : [];
      const flows = JSON.stringify(await nodeRed.admin('GET', 'flows'));
      const shown = JSON.stringify(await nodeRed.admin('GET', `credentials/gemini-live-mcp/${id}`));
      assert.ok(shown.includes('has_env'));
      const files = await Promise.all(
        ['flows.json', 'flows_cred.json'].map((file) => readFile(path.join(nodeRed.userDir, file), 'utf8')),
      );
      const commands = server.map(({ command }) => command).join();
      const everything = [
        flows,
        shown,
        ...files,
        ...nodeRed.log,
        commands,
        JSON.stringify(comms.debugs),
      ].join('\n');
      assert.ok(!everything.includes(SECRET));
      if (hasProc) assert.equal(server.length, 1);
      await nodeRed.deploy([]);
      if (hasProc) await until('nothing runs', () => descendants(nodeRed.pid).length === 0);
    });

    it('survives a server that floods it and one that dies again and again', async () => {
      for (const fault of ['flood', 'once']) {
        const flow = await deploy({ ...program, args: [STDIO_SERVER, fault] });
        const { id } = only(flow, 'gemini-live-mcp');
        await comms.status((status) => status.id === id && status.text === 'server is gone');
      }
      await nodeRed.deploy([]);
      assert.ok(nodeRed.alive);
      if (hasProc) await until('nothing runs', () => descendants(nodeRed.pid).length === 0);
    });
  });
}
