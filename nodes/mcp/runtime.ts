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
    let mcp: McpNode | undefined;
    let wrong: unknown;
    try {
      mcp = new McpNode(RED, this, def, status);
    } catch (error) {
      wrong = error;
    }
    // Not before all nodes exist: Catch nodes would not hear of a mistake.
    const unsubscribe = afterDeployOnce(RED, () => {
      if (mcp) return mcp.start();
      status.show('failed', 'failed', codeText(wrong));
      report(this, wrong);
    });
    onClose(this, async (removed) => {
      unsubscribe();
      await mcp?.close(removed);
    });
  }
  RED.nodes.registerType<RedNode, McpDef, object, Credentials>('gemini-live-mcp', GeminiLiveMcp, {
    credentials: { ...CREDENTIALS },
  });
}
