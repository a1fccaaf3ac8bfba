import type { NodeDef } from 'node-red';
import { afterDeploy, onClose, onInput } from '../shared/lifecycle';
import { ToolRegistry } from '../shared/registry';
import type { Red, RedNode } from '../shared/types';
import { Router, type RouterOptions } from './router';

/** The fields of the dialog. */
interface ToolsDef extends NodeDef, RouterOptions {
  outputs: number;
  /** 1 when some function is confirmed by the flow. */
  inputs: number;
  version: number;
}

/** `gemini-live-tools`: functions that the model may call, and one output for each. */
export default function (RED: Red): void {
  function GeminiLiveTools(this: RedNode, def: ToolsDef): void {
    RED.nodes.createNode(this, def);
    const router = new Router(RED, this, def);
    const remove = ToolRegistry.of(RED, def.config).declare(router.declaration);
    // Each deploy may create, delete or change the session that it belongs to.
    const unsubscribe = afterDeploy(RED, 'start', () => router.check());
    onInput(this, (msg) => router.input(msg));
    onClose(this, (removed) => {
      remove();
      unsubscribe();
      router.close(removed);
    });
  }
  RED.nodes.registerType('gemini-live-tools', GeminiLiveTools);
}
