import assert from 'node:assert/strict';
import type { MediaHandle } from '../../src/media';
import { TRANSITIONS, type LiveEventName, type LiveSession, type SessionState } from '../../src/live';

/** Events after which something can be checked; each needs a listener, and none more. */
const WATCHED = ['state', 'turn', 'audio', 'interrupted', 'warning', 'activity'] as const;

/**
 * Watches one session and knows what must hold whatever the other side does. It keeps what is open only, so that it can
 * watch for hours.
 */
export class Invariants {
  turns = 0;
  warnings = 0;
  private state: SessionState;
  private lastTurn = 0;
  private readonly open = new Map<number, MediaHandle>();
  private readonly readers = new Set<Promise<void>>();
  private readonly broken: string[] = [];
  private listeners: string | undefined;
  private handedBytes = 0;

  constructor(private readonly session: LiveSession) {
    this.state = session.state;
    session.on('state', ({ from, to }) => {
      if (from !== this.state) this.fail(`the state is ${this.state}, and left as ${from}`);
      if (!TRANSITIONS[from].includes(to)) this.fail(`${from} → ${to}`);
      this.state = to;
    });
    session.on('audio', ({ turn, handle }) => {
      if (this.open.has(turn)) this.fail(`turn ${turn} has two handles`);
      if (turn <= this.lastTurn && turn !== this.lastTurn) this.fail(`turn ${turn} speaks after its end`);
      this.open.set(turn, handle);
      if (turn % 2) this.read(handle);
    });
    session.on('interrupted', ({ turn }) => {
      const state = this.open.get(turn)?.state;
      if (state === 'open') this.fail(`turn ${turn} is interrupted, and its handle is ${state}`);
    });
    session.on('turn', ({ turn }) => {
      this.turns++;
      if (turn <= this.lastTurn) this.fail(`turn ${turn} closed after turn ${this.lastTurn}`);
      this.lastTurn = turn;
      if (this.open.get(turn)?.state === 'open') this.fail(`turn ${turn} is closed, and its handle is open`);
      this.open.delete(turn);
    });
    session.on('warning', ({ code, message }) => {
      this.warnings++;
      // INTERNAL: something of ours threw, and was caught at the last moment.
      if (code === 'LISTENER_FAILED' || code === 'INTERNAL') this.fail(`${code}: ${message}`);
    });
    session.on('activity', () => {});
  }

  /** Hands audio to the session, and counts it. */
  speak(pcm: Buffer): void {
    this.handedBytes += pcm.length;
    this.session.audio.write(pcm);
  }

  /** @throws AssertionError naming what does not hold */
  check(): void {
    assert.deepEqual(this.broken, []);
    assert.equal(this.session.state, this.state, 'each change of state is told');
    this.listeners ??= this.listenerCounts();
    assert.equal(this.listenerCounts(), this.listeners, 'no listener is added');
    const { stats } = this.session;
    for (const [name, value] of Object.entries({ ...stats, ...stats.audioBytes })) {
      if (typeof value === 'number') assert.ok(value >= 0 && Number.isFinite(value), `${name} is ${value}`);
    }
    const { given, sent, dropped, queued } = stats.audioBytes;
    assert.equal(given, this.handedBytes, 'bytes of audio that were handed in');
    assert.equal(sent + dropped + queued, given, 'bytes of audio that were sent, dropped or wait');
  }

  /** After the session was closed: nothing may go on. */
  async checkEnd(): Promise<void> {
    assert.deepEqual(this.broken, []);
    const open = [...this.open].filter(([, handle]) => handle.state === 'open').map(([turn]) => turn);
    assert.deepEqual(open, [], 'turns with an open handle');
    await Promise.all(this.readers);
  }

  private read(handle: MediaHandle): void {
    const reading = (async () => {
      try {
        for await (const chunk of handle) void chunk;
      } catch {
        // Interrupted: that is an end, too.
      }
    })().finally(() => this.readers.delete(reading));
    this.readers.add(reading);
  }

  private fail(what: string): void {
    if (this.broken.length < 10) this.broken.push(what);
  }

  private listenerCounts(): string {
    const names = new Set<LiveEventName>([...WATCHED, ...this.session.eventNames()] as LiveEventName[]);
    return [...names]
      .sort()
      .map((name) => `${name} ${this.session.listenerCount(name)}`)
      .join();
  }
}
