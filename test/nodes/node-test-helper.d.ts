/** The test helper ships no types; this is all that the tests use of it. */
declare module 'node-red-node-test-helper' {
  import type { Node, NodeInitializer } from 'node-red';
  import type { Test } from 'supertest';

  interface Helper {
    load(nodes: NodeInitializer[], flow: object[], credentials?: object): Promise<void>;
    setFlows(flow: object[], type?: 'full' | 'flows' | 'nodes', credentials?: object): Promise<void>;
    unload(): Promise<void>;
    startServer(): Promise<void>;
    stopServer(): Promise<void>;
    getNode(id: string): Node;
    settings(settings: object): void;
    request(): { get(path: string): Test; post(path: string): Test };
  }
  const helper: Helper;
  export default helper;
}
