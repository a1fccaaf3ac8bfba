import { EventEmitter } from 'node:events';
import { callListeners } from '../media';
import type { LiveEvent, LiveEventName, LiveEvents } from './events';

/** Events that an iterator keeps for a slow consumer before it drops the oldest. */
const ITERATOR_LIMIT = 1000;

/**
 * An emitter that no listener can break: each is called, whatever the others do; one that throws, or returns a
 * promise that rejects, becomes a `warning` event; `error` without a listener is nothing special.
 */
export abstract class GuardedEmitter extends EventEmitter<LiveEvents> {
  private readonly iterators = new Set<EventIterator>();

  /** Called with what a listener threw. */
  protected abstract listenerFailed(event: LiveEventName, error: unknown): void;

  protected publish<K extends LiveEventName>(event: K, payload: LiveEvents[K][0]): void {
    const item = { event, ...payload } as LiveEvent;
    for (const iterator of this.iterators) iterator.push(item);
    callListeners(this, event, [payload], (error) => this.listenerFailed(event, error));
  }

  protected endIterators(): void {
    for (const iterator of this.iterators) iterator.end();
  }

  /** All events in order, until the session is closed by `close()`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<LiveEvent> {
    const iterator = new EventIterator(() => this.iterators.delete(iterator));
    this.iterators.add(iterator);
    return iterator;
  }
}

class EventIterator implements AsyncIterableIterator<LiveEvent> {
  private readonly queue: LiveEvent[] = [];
  private readonly waiting: Array<(result: IteratorResult<LiveEvent>) => void> = [];
  private ended = false;

  constructor(private readonly onEnd: () => void) {}

  push(event: LiveEvent): void {
    const next = this.waiting.shift();
    if (next) next({ value: event, done: false });
    else if (this.queue.push(event) > ITERATOR_LIMIT) this.queue.shift();
  }

  end(): void {
    this.ended = true;
    this.onEnd();
    for (const next of this.waiting.splice(0)) next({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<LiveEvent>> {
    const event = this.queue.shift();
    if (event) return Promise.resolve({ value: event, done: false });
    if (this.ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  return(): Promise<IteratorResult<LiveEvent>> {
    this.queue.length = 0;
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
