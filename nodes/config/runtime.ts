import type { Node } from 'node-red';
import type { LiveConnectConfig } from '../../src/protocol';
import { DEFAULT_MODEL } from '../../src/protocol';
import { onClose } from '../shared/lifecycle';
import { ToolRegistry } from '../shared/registry';
import type { Red } from '../shared/types';
import { apiKeyOf, choose, openEndpoint, type Endpoint } from './endpoint';
import { liveConfig, type ConfigDef } from './settings';

/** What a config node offers to the nodes that use it. */
export interface LiveService {
  readonly model: string;
  /** Same text, same service: a conversation may go on there. Holds no secret. */
  readonly identity: string;
  /** Which endpoint it is going to be, for the status. */
  readonly label: Endpoint['label'];
  readonly tools: ToolRegistry;
  /** The configuration of a session. @throws NodeError `BAD_CONFIG` */
  config(): LiveConnectConfig;
  /** Prepares the endpoint, see {@link openEndpoint}. */
  open(): Promise<Endpoint>;
}

/** A config node while it runs. */
export interface ConfigNode extends Node<{ apiKey?: string }> {
  live: LiveService;
}

/** `gemini-live-config`: the service, the model and how it behaves. */
export default function (RED: Red): void {
  function GeminiLiveConfig(this: ConfigNode, def: ConfigDef): void {
    RED.nodes.createNode(this, def);
    const apiKey = (): string => apiKeyOf(this.credentials);
    const model = def.model || DEFAULT_MODEL;
    this.live = {
      model,
      get label() {
        return choose(def, apiKey());
      },
      get identity() {
        return [choose(def, apiKey()), def.url, def.scenario, model].join(' ');
      },
      tools: ToolRegistry.of(RED, this.id),
      config: () => liveConfig(def),
      open: () => openEndpoint(def, apiKey()),
    };
    onClose(this, (removed) => {
      if (removed) ToolRegistry.forget(this.id);
    });
  }
  RED.nodes.registerType<ConfigNode, ConfigDef, object, { apiKey?: string }>(
    'gemini-live-config',
    GeminiLiveConfig,
    {
      credentials: { apiKey: { type: 'password' } },
    },
  );
}
