import type { FlowNode } from '../node-red';
import type { Home } from './home';

/** A flow as it is shipped, with the one change that its user makes: where the broker is. */
export function withBroker(flow: FlowNode[], { port }: Home): FlowNode[] {
  return flow.map((node) =>
    node.type === 'mqtt-broker' ? { ...node, broker: '127.0.0.1', port: String(port) } : node,
  );
}
