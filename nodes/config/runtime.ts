import type { Node } from 'node-red';
import type { DayStore } from '../../src/live';
import { onClose } from '../shared/lifecycle';
import { ToolRegistry, type DeclaredFunction } from '../shared/registry';
import type { Red } from '../shared/types';
import { userDir } from '../shared/values';
import { choose, secretsOf, valuesOf, type Credentials } from './credentials';
import { labelOf, type Endpoint } from './endpoint';
import { CREDENTIALS } from './fields';
import { prepare, type Prepared } from './prepare';
import { inWords, type ConfigDef } from './settings';
import { SpentFile } from './spent-file';
import { serveTest } from './try-out';

/** What a config node offers to the nodes that use it. */
export interface LiveService {
  readonly model: string;
  /** Same text, same service: a conversation may go on there. Holds no secret. */
  readonly identity: string;
  /** Which endpoint it is going to be, for the status. */
  readonly label: Endpoint['label'];
  readonly tools: ToolRegistry;
  /**
   * Prepares a session with these functions, see {@link openEndpoint}.
   *
   * @throws NodeError `BAD_CONFIG`, `NO_API_KEY`; what keeps the local server from starting
   */
  prepare(functions: DeclaredFunction[]): Promise<Prepared>;
  /** Credentials that a recording must not hold. */
  secrets(): string[];
}

/** A config node while it runs. */
export interface ConfigNode extends Node<Credentials> {
  live: LiveService;
}

/** Where the day's sum is kept; in memory alone, when this Node-RED has no directory of its own. */
function spentStore(RED: Red): { store?: DayStore } {
  const { userDir: folder } = RED.settings as { userDir?: string };
  return folder ? { store: SpentFile.in(folder, (message) => RED.log.warn(message)) } : {};
}

/** `gemini-live-config`: the service, the model and how it behaves. */
export default function (RED: Red): void {
  serveTest(RED);
  function GeminiLiveConfig(this: ConfigNode, def: ConfigDef): void {
    RED.nodes.createNode(this, def);
    const values = () => valuesOf(def, this.credentials);
    const kind = () => choose(def, this.credentials);
    this.live = {
      get model() {
        return values().model;
      },
      get label() {
        return labelOf(kind());
      },
      get identity() {
        const place = [def.url, def.scenario, def.project, def.location].map((part) => part ?? '');
        return [kind(), ...place, values().model].join(' ');
      },
      tools: ToolRegistry.of(RED, this.id),
      prepare: async (functions) => {
        try {
          const { settings, endpoint } = await prepare(values(), functions, userDir(RED));
          const costLimits = { ...settings.costLimits, ...spentStore(RED) };
          return { settings: { ...settings, costLimits }, endpoint };
        } catch (error) {
          throw inWords(error, (key, more = {}) => RED._(key, more));
        }
      },
      secrets: () => secretsOf(this.credentials),
    };
    onClose(this, (removed) => {
      if (removed) ToolRegistry.forget(this.id);
    });
  }
  RED.nodes.registerType<ConfigNode, ConfigDef, object, Credentials>('gemini-live-config', GeminiLiveConfig, {
    credentials: { ...CREDENTIALS },
  });
}
