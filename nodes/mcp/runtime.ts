import type { Credentials } from '../config/credentials';
import { report } from '../shared/errors';
import { afterDeployOnce, onClose } from '../shared/lifecycle';
import { codeText, StatusLine } from '../shared/status';
import type { Red, RedNode } from '../shared/types';
import { serveToolList } from './list';
import { McpNode } from './node';
import { CREDENTIALS, type McpDef } from './settings';

/** `gemini-live-mcp`: the tools of an MCP server as functions of the model. */
export default function (RED: Red): void {
  serveToolList(RED);
  function GeminiLiveMcp(this: RedNode, def: McpDef): void {
    RED.nodes.createNode(this, def);
    const status = new StatusLine(RED, this);
    let mcp: McpNode;
    try {
      mcp = new McpNode(RED, this, def, status);
    } catch (error) {
      status.show('failed', 'failed', codeText(error));
      report(this, error);
      return;
    }
    const unsubscribe = afterDeployOnce(RED, () => mcp.start());
    onClose(this, async (removed) => {
      unsubscribe();
      await mcp.close(removed);
    });
  }
  RED.nodes.registerType<RedNode, McpDef, object, Credentials>('gemini-live-mcp', GeminiLiveMcp, {
    credentials: { ...CREDENTIALS },
  });
}
