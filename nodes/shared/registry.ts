import { createHash } from 'node:crypto';
import { toolFailure } from '../../src/live/tools/answers';
import { answerCall } from './calls';
import { NodeError } from './errors';
import { afterDeploy, deploying } from './lifecycle';
import type { Red } from './types';

/** A function that the model may call, as the Live API declares it; `name` is what duplicates are told by. */
export interface DeclaredFunction {
  name: string;
  [field: string]: unknown;
}

/** How the calls of one function are answered, as far as the model is not told. */
export interface FunctionPolicy {
  /** How long an answer may take (ms); `false`: as long as it likes. */
  timeoutMs?: number | false;
  /** When the model is to speak of an answer that does not say so itself. */
  scheduling?: 'SILENT' | 'WHEN_IDLE' | 'INTERRUPT';
}

/** One call of a function, on its way to the node that declared it. */
export interface RoutedCall {
  id: string;
  name: string;
  args: Record<string, unknown>;
  /** Id of the session node. */
  session: string;
  /** The model says nothing until this is answered. */
  blocking: boolean;
  /** Where the model called: number of the turn, and id of the conversation. */
  turn: number;
  conversation: string;
}

/** A call that no answer is wanted for any more. */
export type CancelledCall = Pick<RoutedCall, 'id' | 'name' | 'args' | 'session'>;

/** Why: the service said so, it took too long, or the connection that made the call was lost. */
export type CancelReason = 'service' | 'timeout' | 'lost';

/** What one node offers to the model. */
export interface Declaration {
  /** Id of the node. */
  owner: string;
  /** What users know it by. */
  label?: string;
  /** Id of the only session that gets the functions; absent: all sessions of the config node. */
  session?: string;
  functions: DeclaredFunction[];
  /** By name of the function. */
  policies?: Record<string, FunctionPolicy>;
  /** The model calls one of its functions. */
  call?(call: RoutedCall): void;
  /** Calls that it was given are not to be answered any more. */
  cancelled?(calls: CancelledCall[], reason: CancelReason): void;
  /** Called when some of its functions stay out, because another node had the name first. */
  refused(error: NodeError): void;
  /** Called when all of its functions are offered after some were not. */
  accepted?(): void;
}

/** The functions that a session offers. */
export interface Offer {
  functions: DeclaredFunction[];
  /** Equal for equal functions, whatever their order. */
  hash: string;
  policies: Record<string, FunctionPolicy>;
}

/** What a session hears of changes. */
export interface Watch {
  functions(): void;
  policies?(): void;
}

interface Watcher extends Watch {
  session: string;
  hash: string;
  policyText: string;
}

/** Who offers a function. */
interface Winner {
  name: string;
  declared: DeclaredFunction;
  declaration: Declaration;
}

/**
 * What the nodes of one config node declare, and the way of calls to them. Nodes come and go in any order during a deploy, so
 * declarations take effect only after it: then duplicates are sorted out and sessions whose functions changed are told.
 *
 * It is found by the id of the config node, not through it: a node may be constructed before its config node.
 */
export class ToolRegistry {
  private static readonly all = new Map<string, ToolRegistry>();

  /** The registry of a config node, whether that exists yet or not. */
  static of(RED: Red, configId: string): ToolRegistry {
    const found = ToolRegistry.all.get(configId) ?? new ToolRegistry(RED);
    ToolRegistry.all.set(configId, found);
    return found;
  }

  /** The config node does not come back. */
  static forget(configId: string): void {
    ToolRegistry.all.delete(configId);
  }

  readonly #declarations = new Set<Declaration>();
  readonly #watchers = new Set<Watcher>();
  readonly #refused = new Set<Declaration>();
  /** Who offered which function after the last deploy: a deploy does not take a name away from a node that stays. */
  #winners: Winner[] = [];
  /** The same of before all nodes went. */
  #former: Winner[] = [];
  /** Calls of nodes that are being created again. */
  #held: RoutedCall[] = [];
  /** Cancellations for such nodes, of calls that they were given before. */
  #heldBack: { call: CancelledCall; reason: CancelReason }[] = [];
  #unsubscribe: (() => void) | undefined;

  private constructor(private readonly RED: Red) {}

  /** Declares functions, from the next deploy or {@link refresh} on. @returns takes them back, likewise */
  declare(declaration: Declaration): () => void {
    this.#declarations.add(declaration);
    this.#used();
    return () => {
      this.#declarations.delete(declaration);
      this.#refused.delete(declaration);
      this.#used();
    };
  }

  /** Declarations have changed outside of a deploy. During one, this is done at its end anyway. */
  refresh(): void {
    if (!deploying(this.RED)) this.#reconcile();
  }

  /** Tells a session of each change of its functions, or of their policies alone. @returns ends it */
  watch(session: string, watch: Watch): () => void {
    const { hash, policies } = this.offer(session);
    const watcher: Watcher = { ...watch, session, hash, policyText: JSON.stringify(policies) };
    this.#watchers.add(watcher);
    this.#used();
    return () => {
      this.#watchers.delete(watcher);
      this.#used();
    };
  }

  /** The functions of a session as of the last deploy. */
  offer(session: string): Offer {
    const mine = this.#winners
      .filter((winner) => serves(winner, session))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const functions = mine.map(({ declared }) => declared);
    const policies: Offer['policies'] = {};
    for (const { name, declaration } of mine) {
      const policy = declaration.policies?.[name];
      if (policy) policies[name] = policy;
    }
    return {
      functions,
      hash: createHash('sha256').update(JSON.stringify(functions)).digest('hex'),
      policies,
    };
  }

  /**
   * Brings a call to the node that declared its function; one that is just being created again gets it when it is back.
   *
   * @returns false when no node has declared it
   */
  deliver(call: RoutedCall): boolean {
    const winner = this.#winner(call);
    if (!winner) return false;
    if (this.#declarations.has(winner.declaration)) winner.declaration.call?.(call);
    else this.#held.push(call);
    return true;
  }

  /** Tells the nodes that were given these calls that no answer is wanted any more. */
  cancel(calls: CancelledCall[], reason: CancelReason): void {
    const byNode = new Map<Declaration, CancelledCall[]>();
    for (const call of calls) {
      const waiting = this.#held.findIndex(({ id, session }) => id === call.id && session === call.session);
      if (waiting >= 0) this.#held.splice(waiting, 1);
      const declaration = waiting < 0 && this.#winner(call)?.declaration;
      if (!declaration) continue;
      if (!this.#declarations.has(declaration)) this.#heldBack.push({ call, reason });
      else byNode.set(declaration, [...(byNode.get(declaration) ?? []), call]);
    }
    for (const [declaration, mine] of byNode) declaration.cancelled?.(mine, reason);
  }

  #winner({ name, session }: CancelledCall): Winner | undefined {
    return this.#winners.find((winner) => winner.name === name && serves(winner, session));
  }

  /** Deploys matter while anybody declares or watches. */
  #used(): void {
    if (this.#declarations.size + this.#watchers.size > 0) {
      this.#unsubscribe ??= afterDeploy(this.RED, 'declare', () => this.#reconcile());
      return;
    }
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    // In a full deploy the same nodes come back: a name is not to wander then, either.
    if (this.#winners.length > 0) this.#former = this.#winners;
    this.#winners = [];
    this.#held = [];
    this.#heldBack = [];
  }

  #reconcile(): void {
    const before = this.#winners.length > 0 ? this.#winners : this.#former;
    this.#former = [];
    const had = ({ owner }: Declaration, name: string): boolean =>
      before.some((winner) => winner.declaration.owner === owner && winner.name === name);
    const claims = [...this.#declarations].flatMap((declaration) =>
      declaration.functions.map((declared) => ({ declaration, declared, name: declared.name })),
    );
    const stay = claims.filter(({ declaration, name }) => had(declaration, name));
    const come = claims.filter((claim) => !stay.includes(claim));
    this.#winners = [];
    // What was made for one session is meant more than what is for all.
    come.sort((a, b) => Number(!a.declaration.session) - Number(!b.declaration.session));
    const lost = new Map<Declaration, Lost>();
    for (const claim of [...stay, ...come]) {
      const taken = this.#taken(claim);
      if (!taken) {
        this.#winners.push(claim);
        continue;
      }
      const { names, by } = lost.get(claim.declaration) ?? { names: [], by: taken.declaration };
      lost.set(claim.declaration, { names: [...names, claim.name], by });
    }
    this.#tellOwners(lost);
    this.#tellSessions();
    for (const { call, reason } of this.#heldBack.splice(0)) this.cancel([call], reason);
    for (const call of this.#held.splice(0)) if (!this.deliver(call)) gone(call);
  }

  #taken({ name, declaration: { session } }: Winner): Winner | undefined {
    return this.#winners.find(
      (winner) =>
        winner.name === name &&
        (session === undefined ||
          winner.declaration.session === undefined ||
          winner.declaration.session === session),
    );
  }

  #tellOwners(lost: Map<Declaration, Lost>): void {
    for (const declaration of this.#declarations) {
      const found = lost.get(declaration);
      if (!found) {
        if (this.#refused.delete(declaration)) declaration.accepted?.();
      } else if (!this.#refused.has(declaration)) {
        this.#refused.add(declaration);
        declaration.refused(
          new NodeError(
            'DUPLICATE_TOOL',
            `Another node${found.by.label ? ` ("${found.by.label}")` : ''} already declares ${found.names.map((name) => `"${name}"`).join(', ')} for the same session, so the model is offered that one and not this. Rename the function in one of the two, or offer each to a session of its own.`,
          ),
        );
      }
    }
  }

  #tellSessions(): void {
    for (const watcher of this.#watchers) {
      const { hash, policies } = this.offer(watcher.session);
      const policyText = JSON.stringify(policies);
      const [functionsChanged, policiesChanged] = [hash !== watcher.hash, policyText !== watcher.policyText];
      Object.assign(watcher, { hash, policyText });
      if (policiesChanged) watcher.policies?.();
      if (functionsChanged) watcher.functions();
    }
  }
}

/** Functions of a node that stay out, and the node that has the first of them. */
interface Lost {
  names: string[];
  by: Declaration;
}

/** The node that was to be created again was not. */
function gone(call: RoutedCall): void {
  const message = `"${call.name}" is not available any more, so it was not done.`;
  const response = { ...toolFailure({ status: 'UNAVAILABLE', message }) };
  answerCall(call, { response }).catch(() => {
    // Its session is gone as well.
  });
}

function serves({ declaration: { session } }: Winner, id: string): boolean {
  return session === undefined || session === id;
}
