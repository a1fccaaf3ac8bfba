import { createHash } from 'node:crypto';
import { NodeError } from './errors';
import { afterDeploy } from './lifecycle';
import type { Red } from './types';

/** A function that the model may call, as the Live API declares it; `name` is what duplicates are told by. */
export interface DeclaredFunction {
  name: string;
  [field: string]: unknown;
}

/** What one node offers to the model. */
export interface Declaration {
  /** Id of the node. */
  owner: string;
  /** Id of the only session that gets the functions; absent: all sessions of the config node. */
  session?: string;
  functions: DeclaredFunction[];
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
}

interface Watcher {
  session: string;
  changed: () => void;
  hash: string;
}

/**
 * What the nodes of one config node declare. Nodes come and go in any order during a deploy, so declarations take effect only
 * after it: then duplicates are sorted out and sessions whose functions changed are told.
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
  #winners: { name: string; owner: string; session: string | undefined; declared: DeclaredFunction }[] = [];
  #unsubscribe: (() => void) | undefined;

  private constructor(private readonly RED: Red) {}

  /** Declares functions, from the next deploy on. @returns takes them back, from the next deploy on */
  declare(declaration: Declaration): () => void {
    this.#declarations.add(declaration);
    this.#used();
    return () => {
      this.#declarations.delete(declaration);
      this.#refused.delete(declaration);
      this.#used();
    };
  }

  /** Tells a session after each deploy that changed its functions. @returns ends it */
  watch(session: string, changed: () => void): () => void {
    const watcher = { session, changed, hash: this.offer(session).hash };
    this.#watchers.add(watcher);
    this.#used();
    return () => {
      this.#watchers.delete(watcher);
      this.#used();
    };
  }

  /** The functions of a session as of the last deploy. */
  offer(session: string): Offer {
    const mine = this.#winners.filter((winner) => winner.session === undefined || winner.session === session);
    const functions = mine.map(({ declared }) => declared).sort((a, b) => (a.name < b.name ? -1 : 1));
    return { functions, hash: createHash('sha256').update(JSON.stringify(functions)).digest('hex') };
  }

  /** Deploys matter while anybody declares or watches. */
  #used(): void {
    if (this.#declarations.size + this.#watchers.size > 0) {
      this.#unsubscribe ??= afterDeploy(this.RED, 'declare', () => this.#reconcile());
      return;
    }
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#winners = [];
  }

  #reconcile(): void {
    const before = this.#winners;
    const had = (owner: string, name: string): boolean =>
      before.some((winner) => winner.owner === owner && winner.name === name);
    const claims = [...this.#declarations].flatMap((declaration) =>
      declaration.functions.map((declared) => ({ declaration, declared })),
    );
    const stay = claims.filter(({ declaration, declared }) => had(declaration.owner, declared.name));
    const come = claims.filter((claim) => !stay.includes(claim));
    this.#winners = [];
    const lost = new Map<Declaration, string[]>();
    for (const { declaration, declared } of [...stay, ...come]) {
      const { owner, session } = declaration;
      if (this.#taken(declared.name, session)) {
        lost.set(declaration, [...(lost.get(declaration) ?? []), declared.name]);
      } else {
        this.#winners.push({ name: declared.name, owner, session, declared });
      }
    }
    this.#tellOwners(lost);
    this.#tellSessions();
  }

  #taken(name: string, session: string | undefined): boolean {
    return this.#winners.some(
      (winner) =>
        winner.name === name &&
        (winner.session === undefined || session === undefined || winner.session === session),
    );
  }

  #tellOwners(lost: Map<Declaration, string[]>): void {
    for (const declaration of this.#declarations) {
      const names = lost.get(declaration);
      if (!names) {
        if (this.#refused.delete(declaration)) declaration.accepted?.();
      } else if (!this.#refused.has(declaration)) {
        this.#refused.add(declaration);
        declaration.refused(
          new NodeError(
            'DUPLICATE_TOOL',
            `Another node already declares ${names.map((name) => `"${name}"`).join(', ')} for the same session, so this one is not offered to the model. Rename the function in one of the two.`,
          ),
        );
      }
    }
  }

  #tellSessions(): void {
    for (const watcher of this.#watchers) {
      const { hash } = this.offer(watcher.session);
      if (hash === watcher.hash) continue;
      watcher.hash = hash;
      watcher.changed();
    }
  }
}
