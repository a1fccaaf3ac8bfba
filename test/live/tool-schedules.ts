import assert from 'node:assert/strict';
import { LiveSession, type ConversationState } from '../../src/live';
import { Random } from '../support/random';
import { CallServer } from './call-server';

/** What a schedule has seen: enough to know that the random choices do not miss anything. */
export interface Tally {
  calls: number;
  answers: number;
  outcomes: Record<string, number>;
  steps: Record<string, number>;
}

const STEPS = [
  ...['call', 'call', 'call', 'answer', 'answer', 'answer', 'partial', 'again', 'late', 'cancel'],
  ...['repeat', 'handle', 'handle', 'drop', 'drop', 'away', 'expire', 'redeploy', 'reopen'],
] as const;
type Step = (typeof STEPS)[number];

const MODEL = 'gemini-3.8-live';
const tools = [{ functionDeclarations: [{ name: 'f' }] }];
/** What a schedule waits for comes in milliseconds; a slow machine may take its time. */
const LIMIT_MS = 60_000;

/** One conversation in which everything happens at moments that a seed chooses. */
export class Schedule {
  private readonly random: Random;
  private session!: LiveSession;
  private ids = 0;
  private marks = 0;
  /** Ids in the order in which the session told them. */
  private readonly told: string[] = [];
  private readonly log: Array<[event: string, id: string]> = [];
  private readonly waiting = new Set<() => void>();
  private resumptions = 0;
  private heardMark = 0;

  constructor(
    seed: number,
    private readonly server: CallServer,
    private readonly tally: Tally,
  ) {
    this.random = new Random(seed);
    server.changed = () => this.wake();
  }

  async run(steps: number): Promise<void> {
    await this.connect();
    try {
      for (let i = 0; i < steps; i++) {
        const step = this.random.pick(STEPS);
        this.tally.steps[step] = (this.tally.steps[step] ?? 0) + 1;
        await this.step(step);
        if (this.random.chance(0.3)) await this.settled();
      }
      await this.settled();
      await this.expire();
      await this.settled();
      this.check();
    } finally {
      await this.session.close();
    }
  }

  private async step(step: Step): Promise<void> {
    const { random, server, session } = this;
    const id = this.told.length > 0 ? random.pick(this.told) : 'nobody';
    switch (step) {
      case 'call':
        return server.call(...Array.from({ length: 1 + random.below(3) }, () => `c${this.ids++}`));
      case 'answer':
        return this.answer(
          ...random.shuffled(session.openCalls.map(({ id }) => id)).slice(0, 1 + random.below(2)),
        );
      case 'partial':
        for (const { id } of session.openCalls) session.respond({ ...answerTo(id), willContinue: true });
        return;
      case 'again':
        return this.answer(id, id);
      case 'late':
        return this.answer(id);
      case 'cancel':
        if (server.open.length > 0) server.cancel(random.pick(server.open));
        return;
      case 'repeat':
        return server.repeat(server.open);
      case 'handle': {
        // A handle that crosses an answer does not say whether that is in it: no client can know.
        await this.settled();
        const before = this.resumptions;
        server.handle();
        return this.until(() => this.resumptions > before);
      }
      case 'drop':
        return server.cut();
      case 'away':
        server.cut();
        await this.until(() => !session.usable);
        for (const { id } of session.openCalls) if (random.chance(0.5)) this.answer(id);
        return;
      case 'expire':
        return this.expire();
      case 'redeploy': {
        if (random.chance(0.5)) await this.settled();
        const closing = session.close();
        const { openCalls } = session;
        for (const { id } of openCalls) if (random.chance(0.3)) this.answer(id);
        await closing;
        return this.connect(JSON.parse(JSON.stringify(session.conversationState())) as ConversationState);
      }
      case 'reopen':
        await session.close();
        for (const { id } of session.openCalls) if (random.chance(0.3)) this.answer(id);
        return session.connect();
    }
  }

  private answer(...ids: string[]): void {
    if (ids.length > 0) this.session.respond(ids.map(answerTo));
  }

  /** The time of all open calls is over. */
  private async expire(): Promise<void> {
    this.session.setToolPolicy({ timeoutMs: 1 });
    await this.until(() => this.session.openCalls.length === 0);
    this.session.setToolPolicy({ timeoutMs: false });
  }

  /** Everything that either side has sent has arrived. */
  private async settled(): Promise<void> {
    const mark = ++this.marks;
    await this.until(() => this.session.usable);
    for (let tries = 0; ; tries++) {
      const text = `settled ${mark} ${tries}`;
      this.session.sendRaw({ realtimeInput: { text } });
      // A connection that was cut before may break only now.
      await this.until(() => this.server.heard(text) || !this.session.usable);
      if (this.server.heard(text)) this.server.mark(mark);
      await this.until(() => this.heardMark >= mark || !this.session.usable);
      if (this.heardMark >= mark) return;
      await this.until(() => this.session.usable);
    }
  }

  private async connect(resumeFrom?: ConversationState): Promise<void> {
    const session = new LiveSession({
      endpoint: { backend: 'local', baseUrl: this.server.url },
      model: MODEL,
      config: { sessionResumption: {}, tools },
      recovery: { firstDelayMs: 1, maxDelayMs: 2, maxAttempts: Infinity, poisonMs: LIMIT_MS },
      watchdogs: false,
      toolPolicy: { timeoutMs: false },
      ...(resumeFrom && { resumeFrom }),
    });
    this.session = session;
    const note = (event: string, id: string): void => {
      this.log.push([event, id]);
      this.wake();
    };
    session.on('tool-call', ({ id }) => {
      this.tally.calls++;
      this.told.push(id);
      note('call', id);
    });
    session.on('tool-cancel', ({ calls, reason }) => calls.forEach(({ id }) => note(`cancel ${reason}`, id)));
    session.on('tool-result', ({ id, outcome }) => {
      this.tally.outcomes[outcome] = (this.tally.outcomes[outcome] ?? 0) + 1;
      note(outcome, id);
    });
    session.on('resumption', () => {
      this.resumptions++;
      this.wake();
    });
    session.on('unknown', ({ name, value }) => {
      if (name === 'mark') this.heardMark = Number(value);
      this.wake();
    });
    session.on('state', () => this.wake());
    await session.connect();
  }

  private check(): void {
    const { server, log } = this;
    // An answer that was on its way when its call was taken back is nobody's fault.
    const faults = server.violations.filter(({ id, why }) => why !== 'taken back' || !this.crossed(id));
    const story = (): string => log.map((entry) => entry.join(' ')).join(', ');
    assert.deepEqual(faults, [], story());
    assert.deepEqual(server.unanswered, [], story());
    this.tally.answers += server.answers;
  }

  private crossed(id: string): boolean {
    const at = (event: string): number =>
      this.log.findIndex((entry) => entry[0] === event && entry[1] === id);
    return at('sent') >= 0 && (at('cancel service') < 0 || at('sent') < at('cancel service'));
  }

  private async until(done: () => boolean): Promise<void> {
    const late = setTimeout(() => this.waiting.forEach((resume) => resume()), LIMIT_MS);
    const end = Date.now() + LIMIT_MS;
    while (!done()) {
      if (Date.now() >= end) throw new Error(`It hangs: ${done.toString()}`);
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
    clearTimeout(late);
  }

  private wake(): void {
    for (const resume of this.waiting) resume();
    this.waiting.clear();
  }
}

const answerTo = (id: string): { id: string; name: string; response: Record<string, unknown> } => ({
  ...{ id, name: 'f', response: { ok: true } },
});

/** Runs the schedules of these seeds, some at a time; a failure names its seed. */
export async function runSchedules(first: number, count: number, steps = 25): Promise<Tally> {
  const tally: Tally = { calls: 0, answers: 0, outcomes: {}, steps: {} };
  let next = first;
  const worker = async (): Promise<void> => {
    while (next < first + count) {
      const seed = next++;
      const server = await CallServer.start();
      try {
        await new Schedule(seed, server, tally).run(steps);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      } finally {
        await server.close();
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return tally;
}
