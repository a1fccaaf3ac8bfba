import {
  contextUpdate,
  encode,
  fitContextUpdate,
  isCallable,
  profileFor,
  ProtocolError,
  resolveTools,
  setup,
  type FitWarning,
  type LiveClientMessage,
  type LiveClientSetup,
  type LiveConnectConfig,
} from '../protocol';
import type { ConnectionOptions } from './connection';
import { LiveError } from './errors';
import type { RecoverySettings } from './recovery/options';
import type { Beginning } from './recovery/revival';
import { within } from './recovery/time';
import { excerpt } from './redact';
import { setupMessage } from './setup-message';
import type { FrameTap } from './tap';
import { withFunctions, type AnyTool } from './tools/define';
import { freshTarget, type LiveEndpoint } from './target';

/** What can be changed in mid-session; what is left out stays as it was. */
export type ContextChange = Pick<LiveConnectConfig, 'systemInstruction' | 'tools'>;

/** What {@link Preparation} needs of its session. */
export interface PreparationInput {
  endpoint: LiveEndpoint;
  model: string;
  /** Id of the session. */
  session: string;
  config: LiveConnectConfig;
  /** The session's own functions. */
  own: readonly AnyTool[] | undefined;
  raw: LiveClientSetup | undefined;
  timeoutMs: number;
  settings: RecoverySettings;
  tap: FrameTap | undefined;
  /** Fields of the configuration that do not exist, in words. */
  unknown(message: string): void;
  /** What was left out or added for the model. */
  fitted(warnings: readonly FitWarning[]): void;
  /** The tools that the model knows from now on. */
  declared(tools: LiveConnectConfig['tools']): void;
}

/** Makes what each connection needs: address and credentials of the moment, and the setup. */
export class Preparation {
  private config: LiveConnectConfig;
  /** The configuration with which the newest connection was set up. */
  private used: LiveConnectConfig | undefined;
  private functions: readonly AnyTool[] | undefined;

  constructor(private readonly input: PreparationInput) {
    this.config = input.config;
    this.functions = input.own;
  }

  /** The session's own functions of the connections to come. */
  set own(functions: readonly AnyTool[]) {
    this.functions = functions;
    this.config = { ...this.config };
  }

  /** The service gives handles. */
  get resumable(): boolean {
    return Boolean(this.config.sessionResumption);
  }

  /** The service tells how much of what was sent is in a handle: Vertex AI does, if it is asked to. */
  get indexed(): boolean {
    const { endpoint, settings } = this.input;
    const wanted =
      settings.enabled && settings.replay && this.config.sessionResumption?.transparent !== false;
    return this.resumable && wanted && endpoint.backend === 'vertex';
  }

  /** Instructions or functions have changed since the connection was set up. */
  get stale(): boolean {
    return this.used !== this.config;
  }

  /**
   * @param first nothing has been said in the conversation.
   * @throws LiveError (as rejection) `CONNECT_TIMEOUT`, `CLOSED`; ProtocolError when the configuration cannot be sent
   */
  async connection(beginning: Beginning, first: boolean, signal: AbortSignal): Promise<ConnectionOptions> {
    const { endpoint, model, session, raw, timeoutMs, tap } = this.input;
    this.used = this.config;
    const config = this.configFor(first && beginning.handle === undefined);
    const asking = freshTarget(endpoint, model, config, session, raw).catch(signInFailed);
    const target = await within(asking, timeoutMs, signal, 'The sign-in');
    const { functions: own = [] } = this;
    const { apiVersion } = target;
    const making = setupMessage({ endpoint, model, apiVersion, config, own, raw }, beginning);
    const { message, tools, unknown, fitted } = await within(
      making,
      timeoutMs,
      signal,
      'The declaration of a tool',
    );
    this.input.declared(tools);
    for (const words of unknown) this.input.unknown(words);
    this.input.fitted(fitted);
    const about = { model, endpoint: endpoint.backend, session };
    const { deadPeerMs, enabled } = this.input.settings;
    return {
      target,
      setup: encode(message),
      timeoutMs,
      deadPeerMs: enabled ? deadPeerMs : 0,
      tap,
      about,
    };
  }

  /**
   * Changes the configuration of the connections to come.
   *
   * @throws LiveError `BAD_INPUT`, also for what cannot be sent: the next connection would fail on it
   */
  change({ systemInstruction, tools }: ContextChange): void {
    if (systemInstruction === undefined && tools === undefined) {
      throw new LiveError('BAD_INPUT', 'A change of the context needs systemInstruction, tools, or both');
    }
    const change = {
      ...(systemInstruction !== undefined && { systemInstruction }),
      ...(tools !== undefined && { tools }),
    };
    try {
      // What callable tools declare is known only when they are asked.
      const plain = Array.isArray(tools) ? tools.filter((tool) => !isCallable(tool)) : tools;
      setup({
        model: 'any',
        config: { ...change, ...(tools !== undefined && { tools: plain }) },
        lenient: true,
      });
    } catch (error) {
      throw new LiveError('BAD_INPUT', error instanceof Error ? error.message : String(error));
    }
    this.config = { ...this.config, ...change };
  }

  /**
   * The message that tells the open connection what is new.
   *
   * @returns undefined when the model does not take that: then it needs a new connection.
   * @throws LiveError (as rejection) `CONNECT_TIMEOUT`, `CLOSED`; ProtocolError when it cannot be sent
   */
  async update(signal: AbortSignal): Promise<LiveClientMessage | undefined> {
    const { model, endpoint, timeoutMs, fitted } = this.input;
    const profile = profileFor(model);
    if (!profile.contextUpdate) return undefined;
    const { config } = this;
    const resolving = resolveTools(config);
    const resolved = await within(resolving, timeoutMs, signal, 'The declaration of a tool');
    const { systemInstruction, tools = this.functions && [] } = withFunctions(resolved, this.functions ?? []);
    this.used = config;
    if (tools) this.input.declared(tools);
    const backend = endpoint.backend === 'vertex' ? 'vertex' : 'gemini';
    const message = contextUpdate({ systemInstruction, ...(tools && { tools: { tools } }) }, backend);
    const { warnings, contextUpdate: update } = fitContextUpdate(
      profile,
      message.contextUpdate ?? {},
      backend,
    );
    fitted(warnings);
    return update && { contextUpdate: update };
  }

  private configFor(first: boolean): LiveConnectConfig {
    const { sessionResumption, historyConfig, ...rest } = this.config;
    const transparent = this.indexed && { transparent: true };
    return {
      ...rest,
      ...(sessionResumption && { sessionResumption: { ...sessionResumption, ...transparent } }),
      // A history of the user's own stands at the beginning of a conversation; later the service would wait for it.
      ...(historyConfig && first && { historyConfig }),
    };
  }
}

/** Where credentials come from may be out of reach for a while, as the service itself. */
function signInFailed(error: unknown): never {
  if (error instanceof LiveError || error instanceof ProtocolError) throw error;
  const what = excerpt(error instanceof Error ? error.message : String(error), [], 300);
  throw new LiveError('CONNECT_FAILED', `No credentials could be had for the endpoint: ${what}`, {
    advice: 'Check what the session asks for its headers, and the network.',
    policy: 'retry',
  });
}
