import assert from 'node:assert/strict';
import { LiveError } from '../../src/live';
import { Backoff, type Pause } from '../../src/live/recovery/backoff';
import { recoverySettings, type RecoveryOptions } from '../../src/live/recovery/options';
import { Replay } from '../../src/live/recovery/replay';
import { seedOf } from '../../src/live/recovery/reseed';
import { judge, type Ending } from '../../src/live/recovery/verdict';
import { encodeAudio, type ClosePolicy } from '../../src/protocol';
import { pcm } from './recovery-support';

describe('live: parts of recovery', () => {
  describe('pauses', () => {
    const delays = (options: RecoveryOptions, pause: Pause = 'backoff'): Array<number | undefined> => {
      const backoff = new Backoff(recoverySettings(options));
      return Array.from({ length: 6 }, () => backoff.next(pause, false));
    };

    it('double up to a ceiling, and end', () => {
      const options = { firstDelayMs: 100, maxDelayMs: 500, jitter: 0, maxAttempts: 5 };
      assert.deepEqual(delays(options), [100, 200, 400, 500, 500, undefined]);
    });

    it('are shortened by chance, never beyond their part, and never above the ceiling', () => {
      const options = { firstDelayMs: 1000, maxDelayMs: 1000, jitter: 0.5 };
      assert.deepEqual(new Set(delays({ ...options, random: () => 0 })), new Set([1000]));
      assert.deepEqual(new Set(delays({ ...options, random: () => 1 })), new Set([500]));
    });

    it('give a quota its whole time, and nothing to what is planned', () => {
      const waits = delays({ waitDelayMs: 100, jitter: 0.5, random: () => 0.5 }, 'wait');
      assert.ok(waits.every((ms) => (ms ?? 0) >= 100));
      assert.deepEqual(new Set(delays({ maxAttempts: 1 }, 'none')), new Set([0]));
    });

    it('begin anew after a good connection', () => {
      const backoff = new Backoff(recoverySettings({ firstDelayMs: 10, jitter: 0, maxAttempts: 2 }));
      const next = (): number | undefined => backoff.next('backoff', true);
      next();
      next();
      assert.equal(next(), undefined);
      backoff.reset();
      assert.equal(next(), 10);
    });

    it('go on without limit for a session that has been ready, and end soon for another', () => {
      const attemptsOf = (proven: boolean): number => {
        const backoff = new Backoff(recoverySettings({}));
        let count = 0;
        while (count < 1000 && backoff.next('backoff', proven) !== undefined) count++;
        return count;
      };
      assert.equal(attemptsOf(false), 10);
      assert.equal(attemptsOf(true), 1000);
    });

    it('are refused when they are no numbers', () => {
      for (const firstDelayMs of [-1, NaN, '5' as never]) {
        assert.throws(() => recoverySettings({ firstDelayMs }), { code: 'BAD_CONFIG' });
      }
      assert.equal(recoverySettings(undefined).enabled, true);
      assert.equal(recoverySettings(false).enabled, false);
    });
  });

  describe('verdict', () => {
    const ending = (policy: ClosePolicy, more: Partial<Ending> = {}): Ending => ({
      error: new LiveError('CONNECTION_LOST', 'x', { policy }),
      planned: false,
      ready: true,
      proven: true,
      busy: false,
      announced: false,
      refusedAgain: false,
      relearned: false,
      ...more,
    });
    for (const [name, given, expected] of [
      ['a lost connection', ending('retry'), 'backoff'],
      ['a session that will not be resumed', ending('fresh'), 'backoff'],
      ['a used-up quota', ending('wait'), 'wait'],
      ['a refused key', ending('fatal'), 'failed'],
      ['a message refused for the second time', ending('fresh', { refusedAgain: true }), 'failed'],
      ['a goodbye', ending('done'), 'closed'],
      ['a goodbye in mid-turn', ending('done', { busy: true }), 'backoff'],
      ['a goodbye before the session was ready', ending('done', { ready: false }), 'backoff'],
      ['an announced end', ending('fatal', { announced: true }), 'backoff'],
      ['another beginning to try', ending('fatal', { relearned: true, ready: false }), 'none'],
      ['a handover', ending('retry', { planned: true }), 'none'],
      [
        'a handover of a connection that did not prove good',
        ending('retry', { planned: true, proven: false }),
        'backoff',
      ],
    ] as const) {
      it(`${name}: ${expected}`, () => {
        const verdict = judge(given);
        assert.equal(verdict.again ? verdict.pause : verdict.state, expected);
      });
    }
  });

  describe('seed', () => {
    const history = [
      { role: 'user', text: 'Hi' },
      { role: 'user', text: 'there' },
      { role: 'model', text: 'Hello.' },
    ] as const;

    it('joins what one side said in a row, and ends with the user where the model wants that', () => {
      const turns = [
        { role: 'user', parts: [{ text: 'Hi' }, { text: 'there' }] },
        { role: 'model', parts: [{ text: 'Hello.' }] },
      ];
      assert.deepEqual(seedOf('history', history, false), { way: 'history', count: 3, turns });
      assert.equal(seedOf('history', history, true).turns?.at(-1)?.role, 'user');
    });

    it('can be told in instructions, or not at all', () => {
      const { instruction, turns } = seedOf('instructions', history, true);
      assert.match(instruction ?? '', /User: Hi\nUser: there\nYou: Hello\.$/);
      assert.equal(turns, undefined);
      assert.deepEqual(seedOf('none', history, false), { way: 'none', count: 0 });
      assert.deepEqual(seedOf('history', [], false), { way: 'none', count: 0 });
    });

    it('keeps the newest of a long history', () => {
      const long = Array.from({ length: 100 }, (_, i) => ({
        role: i % 2 ? ('model' as const) : ('user' as const),
        text: `${i} ${'x'.repeat(1000)}`,
      }));
      const { count, turns } = seedOf('history', long, false);
      assert.ok(count > 10 && count < 20, String(count));
      assert.match(turns?.at(-1)?.parts?.[0]?.text ?? '', /^99 /);
    });
  });

  describe('replay', () => {
    const replay = (indexed = false): Replay =>
      new Replay({ keep: true, indexed, resumable: true, skip: () => false });

    it('keeps a bounded amount, and counts the speech that it gives up', () => {
      const kept = replay();
      const second = encodeAudio(pcm(100), 16_000);
      for (let i = 0; i < 1200; i++) kept.sent(second, true);
      const again = kept.take(true);
      const { repeatedAudioMs, forgottenAudioMs } = kept.stats;
      assert.ok(again.length > 500 && again.length < 900, String(again.length));
      assert.equal(Math.round(repeatedAudioMs + forgottenAudioMs), 120_000);
    });

    it('keeps next to nothing of an open microphone in a silent room', () => {
      const kept = replay();
      const quiet = encodeAudio(pcm(20, 0), 16_000);
      for (let i = 0; i < 5000; i++) kept.sent(quiet, false);
      assert.ok(kept.take(true).length < 40);
      assert.equal(kept.stats.forgottenAudioMs, 0);
    });

    it('hands everything out once', () => {
      for (const indexed of [false, true]) {
        const kept = replay(indexed);
        kept.sent('{"realtimeInput":{"text":"a"}}', false);
        assert.ok(kept.pending(true));
        assert.equal(kept.take(true).length, 1);
        assert.ok(!kept.pending(true));
        assert.deepEqual(kept.take(true), []);
      }
    });
  });
});
