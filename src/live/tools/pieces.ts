import { isObject, type FunctionCall, type PartialArg } from '../../protocol';
import { parsePath, setAt } from './json-path';
import type { ToolArgs } from './open-call';

/** A call whose arguments come in pieces. */
export interface Stream {
  readonly key: string;
  readonly id: string;
  readonly name: string;
  readonly args: ToolArgs;
  /** Turn in which it began. */
  readonly turn: number;
  /** Why it cannot become a call. */
  problem?: string;
  /** Texts that go on with the next piece of the same path. */
  readonly going: Set<string>;
  /** Characters and entries so far. */
  size: number;
}

/** Characters and entries that the arguments of one call may have. */
const MAX_SIZE = 1_000_000;
/** Calls that may be under way at once. */
const MAX_STREAMS = 50;

/**
 * Puts calls together whose arguments come in pieces (Vertex AI: `partialArgs`, `willContinue`). The pieces of a call
 * share its id; one without an id belongs to the call that was continued last.
 */
export class Pieces {
  private readonly streams = new Map<string, Stream>();
  private nameless = 0;

  /** The call that this is a piece of, if it is not its first. */
  of({ id, name }: FunctionCall): Stream | undefined {
    if (id) return this.streams.get(id);
    const last = [...this.streams.values()].at(-1);
    return name && last?.name !== name ? undefined : last;
  }

  /** The first piece of a call. */
  begin({ id = '', name = '' }: FunctionCall, turn: number): Stream {
    const key = id || ` ${++this.nameless}`;
    const stream: Stream = { key, id, name, args: {}, turn, going: new Set(), size: 0 };
    if (this.streams.size >= MAX_STREAMS) stream.problem = 'too many calls are under way';
    this.streams.set(key, stream);
    return stream;
  }

  /** Takes a piece. @returns whether the call is whole */
  add(stream: Stream, { args, partialArgs = [], willContinue }: FunctionCall): boolean {
    // The last one that was continued is the one that a piece without an id means.
    this.streams.delete(stream.key);
    this.streams.set(stream.key, stream);
    try {
      if (isObject(args)) {
        this.grow(stream, JSON.stringify(args).length);
        for (const [name, value] of Object.entries(args)) setAt(stream.args, [name], () => value);
      }
      for (const piece of partialArgs) this.piece(stream, piece);
    } catch (error) {
      stream.problem ??= (error as Error).message;
    }
    // What cannot become a call is told at once: its pieces may never end.
    if (willContinue && stream.problem === undefined) return false;
    this.streams.delete(stream.key);
    return true;
  }

  /** Gives a call up. */
  drop(key: string): Stream | undefined {
    const stream = this.streams.get(key);
    this.streams.delete(key);
    return stream;
  }

  clear(): void {
    this.streams.clear();
  }

  private piece(stream: Stream, piece: PartialArg): void {
    const { jsonPath = '', stringValue, numberValue, boolValue, nullValue, willContinue } = piece;
    const value = stringValue ?? numberValue ?? boolValue ?? (nullValue === undefined ? undefined : null);
    this.grow(stream, jsonPath.length + (stringValue?.length ?? 0));
    const append = stream.going.has(jsonPath);
    if (willContinue) stream.going.add(jsonPath);
    else stream.going.delete(jsonPath);
    if (value === undefined) return;
    const made = setAt(stream.args, parsePath(jsonPath), (before) =>
      append && typeof before === 'string' && typeof value === 'string' ? before + value : value,
    );
    this.grow(stream, made);
  }

  private grow(stream: Stream, by: number): void {
    stream.size += by;
    if (stream.size > MAX_SIZE) throw new Error('they are too large');
  }
}
