import type { Conversation } from '../conversation';
import type { LiveError } from '../errors';
import type { RecoverySettings } from './options';
import { seedOf, type Seed, type SeedWay } from './reseed';

/** How a connection begins: resumed with a handle, or afresh with what a seed tells it. */
export interface Beginning {
  handle?: string;
  seed: Seed;
}

/** How far a connection came. */
export interface Progress {
  /** The setup was sent, so that the service may have looked at handle and seed. */
  asked: boolean;
  ready: boolean;
  /** Something was sent on it that asks for an answer. */
  spoken: boolean;
  /** The model has said something. */
  proven: boolean;
}

type Settings = Pick<RecoverySettings, 'enabled' | 'triesWithHandle' | 'seed'>;

/** Refusals that have nothing to do with how the connection begins. */
const ELSEWHERE = /api[ _]?key|credential|authenticat|token|billing|permission|quota|models?\/|modalit/i;
/** Close codes of a network or server in trouble: they say nothing about what the setup asks for. */
const TROUBLE = [1001, 1006, 1012, 1013];

/**
 * Chooses how each connection begins, and learns from those that fail: first the handle; then, afresh, the history in the
 * way that the model takes best, then in the next way; at last nothing.
 */
export class Revival {
  private readonly ways: SeedWay[];
  /** The handle that was tried last, and how many connections with it failed in a row. */
  private tried: string | undefined;
  private tries = 0;

  constructor(
    private readonly memory: Conversation,
    private readonly model: { seeding: SeedWay; seedEndsWithUser: boolean },
    private readonly settings: Settings,
  ) {
    const all: SeedWay[] = ['history', 'instructions', 'none'];
    const wanted = settings.enabled && settings.seed === 'auto';
    this.ways = wanted ? all.slice(all.indexOf(model.seeding)) : ['none'];
  }

  next(): Beginning {
    this.memory.dropOldHandle();
    const { handle, state } = this.memory;
    if (handle) return { handle, seed: { way: 'none', count: 0 } };
    return { seed: seedOf(this.ways[0] ?? 'none', state.history, this.model.seedEndsWithUser) };
  }

  /** The handle is worth nothing, for that reason. */
  giveUp(why: string): void {
    this.tried = undefined;
    this.tries = 0;
    this.memory.dropHandle(why);
  }

  /**
   * A connection has ended.
   *
   * @returns whether the next one begins in another way for that.
   */
  learn({ handle, seed }: Beginning, error: LiveError, progress: Progress): boolean {
    if (progress.proven) this.tries = 0;
    if (!progress.asked || progress.proven) return false;
    // A newer handle may have come meanwhile.
    if (handle && handle === this.memory.handle) return this.doubt(handle, error, progress);
    if (seed.way === 'none' || !refuses(error)) return false;
    this.ways.shift();
    return true;
  }

  /** A connection that was idle when it broke says nothing about its handle. */
  private doubt(handle: string, error: LiveError, { ready, spoken }: Progress): boolean {
    if (!ready && refuses(error)) {
      this.giveUp(error.reason || 'the service refused to resume');
      return true;
    }
    if (ready && !spoken) return false;
    if (this.tried !== handle) this.tries = 0;
    this.tried = handle;
    if (++this.tries < this.settings.triesWithHandle) return false;
    this.giveUp(`${this.tries} connections in a row broke before the resumed conversation went on`);
    return true;
  }
}

/** Whether the service looked at what the connection began with, and did not want it. */
function refuses({ code, closeCode = 0, policy, reason = '' }: LiveError): boolean {
  if (code !== 'SETUP_REFUSED' && code !== 'CONNECTION_LOST') return false;
  if (policy !== 'fatal' && policy !== 'fresh') return false;
  return !TROUBLE.includes(closeCode) && !ELSEWHERE.test(reason);
}
