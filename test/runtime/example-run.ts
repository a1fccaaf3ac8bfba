import type { Comms, DebugMessage } from '../support/comms';
import { type FlowNode, NodeRed, type NodeRedRuntime } from '../support/node-red';
import { packedPackage } from '../support/package';
import { skipWithout } from '../support/skip';
import { example, named } from './flows';

/** Examples, imported as they are shipped into one real Node-RED with the packed package, and used as a person does. */
export class ExampleRun {
  /** What Catch nodes have shown so far. */
  readonly wrong: unknown[] = [];
  flow: FlowNode[] = [];

  private constructor(
    readonly nodeRed: NodeRed,
    readonly comms: Comms,
  ) {
    comms.on(
      'debug',
      ({ name, msg }: DebugMessage) => name === 'what went wrong' && this.wrong.push(msg.error),
    );
  }

  /** To be called in a suite: starts Node-RED before its tests and stops it after them. @returns the run, in a test */
  static inSuite(find: () => NodeRedRuntime | { missing: string }): () => ExampleRun {
    let run: ExampleRun | undefined;
    before(packedPackage);
    before(async function () {
      const runtime = find();
      skipWithout(this, 'missing' in runtime && runtime.missing);
      const nodeRed = await NodeRed.start({ runtime: runtime as NodeRedRuntime });
      run = new ExampleRun(nodeRed, await nodeRed.events());
    });
    after(() => run?.nodeRed.stop());
    return () => run!;
  }

  /** Imports an example. @param change what its user changes in a node, if anything */
  async deploy(title: string, change: (node: FlowNode) => object = () => ({})): Promise<void> {
    this.flow = example(title).map((node) => ({ ...node, ...change(node) }));
    this.comms.clear();
    await this.nodeRed.deploy(this.flow);
  }

  /** Presses the button of an inject node. */
  press(button: string): Promise<void> {
    return this.nodeRed.inject(named(this.flow, button).id);
  }

  /** What a Debug node of the example shows, as JSON without the quotes of a text. */
  async shown(debug: string, pattern: RegExp): Promise<string> {
    const found = await this.comms.debugged(
      (message) => message.name === debug && pattern.test(jsonOf(message).replace(/^"|"$/g, '')),
    );
    return jsonOf(found);
  }

  /** A text of user or model. */
  text(pattern: RegExp): Promise<string> {
    return this.shown('text of both sides', pattern);
  }

  /** All that a Debug node has shown since the last `clear`. */
  all(debug: string): Array<Record<string, unknown>> {
    return this.comms.debugs.filter(({ name }) => name === debug).map(({ msg }) => msg);
  }

  /** Errors, but for those of a loudspeaker or microphone where there is none. */
  get mistakes(): unknown[] {
    return this.wrong.filter((error) => !/loudspeaker/.test(JSON.stringify(error)));
  }
}

const jsonOf = ({ msg }: DebugMessage): string => JSON.stringify(msg.payload ?? msg);
