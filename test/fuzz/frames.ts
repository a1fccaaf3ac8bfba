import serverSchema from '../../src/protocol/schema/server.json';
import type { Random } from '../support/random';
import { ODDITIES, MESSAGES, TURN, VALUES } from './material';

type Type = string | { ref: string } | { enum: string[] | string } | { array: Type } | { map: unknown };
type Defs = Record<string, Record<string, { type: Type }>>;

const schema = serverSchema as unknown as { root: string; defs: Defs };

/** A frame as a socket sends it: text or binary. */
export type Frame = string | Buffer;

/** Deeper than this a message of the schema is left empty: some of its types contain themselves. */
const DEPTH = 6;

/** Frames of a server that is broken or means harm. The same seed gives the same frames. */
export class HostileFrames {
  /** What is left of a turn whose frames come in a wrong order. */
  private readonly pending: object[] = [];

  constructor(private readonly random: Random) {}

  next(): Frame {
    const kind = this.random.below(100);
    if (kind < 35) return this.encoded(this.mutated(this.good()));
    if (kind < 50) return this.encoded(this.fromSchema(schema.root, 0));
    if (kind < 65) return this.encoded(this.outOfOrder());
    if (kind < 75) return this.truncated();
    if (kind < 85) return this.garbage();
    if (kind < 90) return this.random.pick(ODDITIES)(this.random);
    return this.encoded(this.good());
  }

  /** One or two good messages in one. */
  private good(): object {
    const { random } = this;
    const first = random.pick(MESSAGES);
    return random.chance(0.3) ? { ...first, ...random.pick(MESSAGES) } : first;
  }

  /** The frames of a good turn: shuffled, some lost, some twice. */
  private outOfOrder(): object {
    const { random, pending } = this;
    if (pending.length === 0) {
      const kept = TURN.filter(() => random.chance(0.8));
      pending.push(...random.shuffled([...kept, ...TURN.filter(() => random.chance(0.2))]));
    }
    return pending.pop() ?? {};
  }

  private mutated(value: unknown): unknown {
    const { random } = this;
    if (random.chance(0.07)) return random.pick(VALUES);
    if (Array.isArray(value)) {
      const list = value.map((item) => this.mutated(item));
      return random.chance(0.1) ? [...list, ...list] : list;
    }
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value).map(([key, item]) => [this.named(key), this.mutated(item)]);
    return Object.fromEntries(random.chance(0.05) ? entries.slice(1) : entries) as object;
  }

  /** A field under its own name, in snake case, or under one that nobody knows. */
  private named(key: string): string {
    if (this.random.chance(0.05)) return `${key}_x`;
    if (this.random.chance(0.02)) return this.random.pick(['__proto__', 'constructor', 'toString', '']);
    return this.random.chance(0.1) ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key;
  }

  /** A message of which each field is of the right type, and the combination is nonsense. */
  private fromSchema(name: string, depth: number): object {
    const { random } = this;
    const fields = Object.entries(schema.defs[name] ?? {});
    if (depth > DEPTH || fields.length === 0) return {};
    const share = depth === 0 ? 0.25 : 0.4;
    return Object.fromEntries(
      fields.filter(() => random.chance(share)).map(([key, { type }]) => [key, this.ofType(type, depth + 1)]),
    ) as object;
  }

  private ofType(type: Type, depth: number): unknown {
    const { random } = this;
    if (typeof type === 'object') {
      if ('ref' in type) return this.fromSchema(type.ref, depth);
      if ('array' in type)
        return Array.from({ length: random.below(3) }, () => this.ofType(type.array, depth));
      if ('map' in type) return { a: random.pick(VALUES) };
      return Array.isArray(type.enum) && random.chance(0.9) ? random.pick(type.enum) : 'NEW_VALUE';
    }
    if (type === 'string')
      return random.pick(['', 'a', 'audio/pcm;rate=24000', 'AAAA', '3.5s', 'ünï\u2028', '12']);
    if (type === 'number') return random.pick([0, 1, -1, 0.5, 1e21, 24_000]);
    if (type === 'boolean') return random.chance(0.7);
    return String(random.below(1000));
  }

  private truncated(): Frame {
    const bytes = Buffer.from(JSON.stringify(this.good()));
    const cut = bytes.subarray(0, this.random.below(bytes.length));
    // Cut text must stay text; the socket itself refuses anything else.
    return this.random.chance(0.5) ? cut : cut.toString('latin1');
  }

  private garbage(): Frame {
    const { random } = this;
    if (random.chance(0.3)) return random.bytes(random.below(300));
    const bytes = Buffer.from(JSON.stringify(this.good()));
    for (let flips = 1 + random.below(5); flips > 0; flips--)
      bytes[random.below(bytes.length)] = random.below(256);
    return random.chance(0.5) ? bytes : bytes.toString('latin1');
  }

  private encoded(value: unknown): Frame {
    const text = JSON.stringify(value) ?? 'null';
    return this.random.chance(0.3) ? text : Buffer.from(text);
  }
}
