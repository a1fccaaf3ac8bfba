import { createHash } from 'node:crypto';
import type { NodeMessage } from 'node-red';
import { excerpt } from '../../src/live/redact';
import { asError, NodeError, report } from '../shared/errors';
import { ToolRegistry, type Declaration, type FunctionPolicy } from '../shared/registry';
import { codeText, type StatusLine } from '../shared/status';
import type { Red, RedNode } from '../shared/types';
import { textOf, userDir } from '../shared/values';
import { Calls, type CallReport } from './calls';
import { Connection } from './connection';
import { McpFailure } from './failure';
import { loadLibrary } from './library';
import { McpLink, type LinkState } from './link';
import { offerOf, type McpOffer } from './offer';
import { offerSettings, placeOf, secretsOf, timeoutOf, type McpDef, type OfferSettings } from './settings';
import type { McpTool } from './tools-list';

/** Longest text of a server in a message (characters). */
const MAX_MESSAGE = 600;

/**
 * The tools that the server of a node had last, by id of the node: a node that is created again declares them at once, so that the
 * sessions need not learn twice that nothing has changed.
 */
const remembered = new Map<string, { place: string; tools: McpTool[] }>();

/** One node: a server, and its tools as functions of the sessions. */
export class McpNode {
  readonly #link: McpLink;
  readonly #calls: Calls;
  readonly #clean: (text: string) => string;
  readonly #offerSettings: OfferSettings;
  readonly #policy: FunctionPolicy;
  readonly #place: string;
  readonly #declaration: Declaration;
  readonly #undeclare: () => void;
  readonly #registry: ToolRegistry;
  #offer: McpOffer = { functions: [], toolOf: new Map(), warnings: [] };
  #warned = new Set<string>();
  /** Message of the failure that was reported last. */
  #told = '';
  #duplicate: NodeError | undefined;

  /** @throws NodeError `BAD_CONFIG` */
  constructor(
    RED: Red,
    private readonly node: RedNode,
    def: McpDef,
    private readonly status: StatusLine,
  ) {
    const folder = userDir(RED);
    const resolve = (text: string): string => fromEnvironment(RED, node, text);
    const place = placeOf(def, node.credentials, resolve, folder);
    const secrets = secretsOf(place, node.credentials);
    const timeoutMs = timeoutOf(def);
    this.#clean = (text) => excerpt(text, secrets, MAX_MESSAGE);
    this.#place = createHash('sha256').update(JSON.stringify(place)).digest('hex');
    this.#offerSettings = offerSettings(def);
    this.#policy = {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(def.scheduling && { scheduling: def.scheduling }),
    };
    this.#link = new McpLink((signal) => Connection.open(loadLibrary(folder), place, signal), {
      tools: (tools) => this.#tools(tools),
      state: (state, error) => this.#state(state, error),
      trouble: (error) => this.#report(error),
    });
    const progress = def.progress === true && def.behavior === 'NON_BLOCKING';
    this.#calls = new Calls(node, this.#link, { timeoutMs, progress, clean: this.#clean }, (done) =>
      this.#done(done),
    );
    const session = textOf(def.session);
    this.#declaration = {
      owner: node.id,
      ...(session && { session }),
      functions: [],
      call: (call) => {
        this.status.show('busy', 'called', call.name);
        void this.#calls.run(call, this.#offer.toolOf.get(call.name));
      },
      cancelled: (calls) => this.#calls.cancel(calls),
      refused: (error) => {
        this.#duplicate = error;
        report(this.node, error);
        this.#show();
      },
      accepted: () => {
        this.#duplicate = undefined;
        this.#show();
      },
    };
    const before = remembered.get(node.id);
    if (before?.place === this.#place) this.#declare(before.tools);
    this.#registry = ToolRegistry.of(RED, def.config);
    this.#undeclare = this.#registry.declare(this.#declaration);
    this.#show();
  }

  start(): void {
    this.#link.start();
  }

  /** @param removed the node does not come back */
  async close(removed: boolean): Promise<void> {
    if (removed) remembered.delete(this.node.id);
    this.#calls.close();
    this.#undeclare();
    await this.#link.close();
  }

  #tools(tools: McpTool[]): void {
    remembered.set(this.node.id, { place: this.#place, tools });
    this.#declare(tools);
    const { warnings } = this.#offer;
    const news = warnings.filter((warning) => !this.#warned.has(warning)).map(this.#clean);
    this.#warned = new Set(warnings);
    if (news.length) this.node.warn(news.join('\n'));
    this.#registry.refresh();
    this.#show();
  }

  #declare(tools: McpTool[]): void {
    this.#offer = offerOf(tools, this.#offerSettings);
    const { functions } = this.#offer;
    this.#declaration.functions = functions;
    this.#declaration.policies = Object.fromEntries(functions.map(({ name }) => [name, this.#policy]));
  }

  #state(state: LinkState, error?: unknown): void {
    if (error !== undefined) this.#report(error);
    if (state === 'ready') this.#told = '';
    this.#show(error);
  }

  #show(error?: unknown): void {
    if (this.#duplicate) return this.status.show('failed', 'failed', codeText(this.#duplicate));
    const { state } = this.#link;
    if (state === 'failed') this.status.show('failed', 'failed', codeText(error));
    else if (state === 'lost') this.status.show('failed', 'lost');
    else if (state === 'connecting') {
      // Attempts after a loss come and go too fast to be read.
      if (!this.#told) this.status.show('waiting', 'connecting');
    } else if (state === 'ready') this.status.show('ok', 'tools', String(this.#offer.functions.length));
  }

  /** The same failure of one attempt after the other is told once. */
  #report(thrown: unknown): void {
    const error = thrown instanceof McpFailure || thrown instanceof NodeError ? thrown : asError(thrown);
    error.message = this.#clean(error.message);
    if (error.message === this.#told) return;
    this.#told = error.message;
    report(this.node, error);
  }

  #done({ call, response, media, outcome, ms }: CallReport): void {
    const { id, name, args, session } = call;
    if (this.#calls.count === 0) this.#show();
    this.node.send({
      topic: name,
      payload: response ?? null,
      tool: { id, name, session },
      args,
      outcome,
      ms,
      ...(media.length && { media }),
    } as NodeMessage);
  }
}

/** `${NAME}` as a whole is a variable of the flow or of the system. */
export function fromEnvironment(RED: Red, node: object, text: string): string {
  if (!/^\$\{[^}]+\}$/.test(text)) return text;
  const value: unknown = RED.util.evaluateNodeProperty(text, 'env', node as never, {});
  return value === undefined || value === null ? '' : String(value);
}
