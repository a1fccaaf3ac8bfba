import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Judge } from '../../src/live/withholding';
import { Withholding } from '../../src/live/withholding';
import type { LiveServerMessage } from '../../src/protocol';

const said = (text: string): LiveServerMessage => ({ serverContent: { outputTranscription: { text } } });
const heard = (text: string): LiveServerMessage => ({ serverContent: { inputTranscription: { text } } });
const COMPLETE: LiveServerMessage = { serverContent: { turnComplete: true } };
const CALL: LiveServerMessage = { toolCall: { functionCalls: [{ id: 'a', name: 'open_door', args: {} }] } };

/** Decides by the first word that is said. */
const byWord = (extra: Partial<Judge> = {}): Judge => ({
  judge: ({ serverContent }) => {
    const text = serverContent?.outputTranscription?.text;
    return text === 'yes' ? 'pass' : text === 'no' ? 'drop' : undefined;
  },
  late: 'drop',
  patienceMs: 60_000,
  ...extra,
});

/** A withholding, and what came out of it. */
function withheld(): { held: Withholding; out: LiveServerMessage[]; hooks: string[] } {
  const out: LiveServerMessage[] = [];
  const hooks: string[] = [];
  const held = new Withholding((message) => out.push(message), {
    passing: () => hooks.push('passing'),
    gone: () => hooks.push('gone'),
  });
  return { held, out, hooks };
}

describe('withholding', () => {
  it('delivers at once what nobody keeps back', () => {
    const { held, out } = withheld();
    held.take(said('maybe'));
    assert.deepEqual(out, [said('maybe')]);
    assert.equal(held.active, false);
  });

  it('delivers everything in its order once it is to pass, and what follows at once', () => {
    const { held, out, hooks } = withheld();
    const seen: unknown[] = [];
    held.begin(byWord({ decided: (verdict, kept) => seen.push(verdict, kept.length, out.length) }));
    held.take(heard('computer'));
    held.take(CALL);
    assert.deepEqual(out, []);
    assert.equal(held.active, true);
    held.take(said('yes'));
    assert.deepEqual(out, [heard('computer'), CALL, said('yes')]);
    assert.deepEqual(seen, ['pass', 3, 0], 'decided is told before anything is delivered');
    assert.deepEqual(hooks, ['passing']);
    held.take(said('no'));
    assert.equal(out.length, 4);
    assert.equal(held.active, false);
  });

  it('drops what was kept and the rest of that turn, and delivers the next one', () => {
    const { held, out, hooks } = withheld();
    held.begin(byWord());
    held.take(heard('hello'));
    held.take(said('no'));
    held.take(said('yes'));
    held.take(CALL);
    assert.deepEqual(hooks, []);
    held.take(COMPLETE);
    assert.deepEqual(hooks, ['gone']);
    assert.deepEqual(out, []);
    held.take(said('next'));
    assert.deepEqual(out, [said('next')]);
  });

  it('does not wait for ever for the end of what it drops', async () => {
    const out: LiveServerMessage[] = [];
    const held = new Withholding((message) => out.push(message), {}, 30);
    held.begin(byWord());
    held.take(said('no'));
    while (held.active) await sleep(5);
    held.take(said('next'));
    assert.deepEqual(out, [said('next')]);
  });

  it('drops no more than the turn when that is over already', () => {
    const { held, out, hooks } = withheld();
    held.begin(byWord({ judge: ({ serverContent }) => (serverContent?.turnComplete ? 'drop' : undefined) }));
    held.take(said('no'));
    held.take(COMPLETE);
    assert.deepEqual(hooks, ['gone']);
    held.take(said('next'));
    assert.deepEqual(out, [said('next')]);
  });

  it('never keeps back what is no part of an answer', () => {
    const { held, out } = withheld();
    const apart: LiveServerMessage[] = [
      { usageMetadata: { totalTokenCount: 7 } },
      { goAway: { timeLeft: '10s' } },
      { sessionResumptionUpdate: { newHandle: 'h', resumable: true } },
      { toolCallCancellation: { ids: ['told'] } },
    ];
    held.begin(byWord());
    for (const message of apart) held.take(message);
    assert.deepEqual(out, apart);
    held.take(said('no'));
    for (const message of apart) held.take(message);
    assert.deepEqual(out, [...apart, ...apart], 'nor is it dropped with the rest of a turn');
  });

  it('takes a message apart that holds both', () => {
    const { held, out } = withheld();
    held.begin(byWord());
    held.take({ ...said('maybe'), usageMetadata: { totalTokenCount: 7 } });
    assert.deepEqual(out, [{ usageMetadata: { totalTokenCount: 7 } }]);
    held.take(said('no'));
    held.take({ ...COMPLETE, usageMetadata: { totalTokenCount: 9 } });
    assert.deepEqual(out.slice(1), [{ usageMetadata: { totalTokenCount: 9 } }]);
    assert.equal(held.active, false, 'the end of the turn was in it');
  });

  it('keeps the cancellation of a call with the call', () => {
    const { held, out } = withheld();
    held.begin(byWord());
    held.take(CALL);
    held.take({ toolCallCancellation: { ids: ['a', 'told'] } });
    assert.deepEqual(out, [{ toolCallCancellation: { ids: ['told'] } }]);
    held.take(said('yes'));
    assert.deepEqual(out.slice(1), [CALL, { toolCallCancellation: { ids: ['a'] } }, said('yes')]);
  });

  it('lets the user be heard where the judge says so', () => {
    const { held, out } = withheld();
    const judged: LiveServerMessage[] = [];
    const judge = (message: LiveServerMessage): 'drop' | undefined => {
      judged.push(message);
      return message.serverContent?.interrupted ? 'drop' : undefined;
    };
    held.begin(byWord({ hearsUser: true, judge }));
    held.take(heard('wait'));
    held.take({ serverContent: { ...heard('a').serverContent, interrupted: true } });
    held.take(heard('minute'));
    held.take({ serverContent: { ...heard('please').serverContent, turnComplete: true } });
    assert.deepEqual(out, [heard('wait'), heard('a'), heard('minute'), heard('please')]);
    assert.deepEqual(judged, [{ serverContent: { interrupted: true } }]);
    assert.equal(held.active, false);
  });

  for (const late of ['pass', 'drop'] as const) {
    it(`lets it ${late} when nobody has decided in time`, async () => {
      const { held, out } = withheld();
      const verdicts: string[] = [];
      held.begin(byWord({ late, patienceMs: 20, decided: (verdict) => verdicts.push(verdict) }));
      held.take(said('maybe'));
      while (verdicts.length === 0) await sleep(5);
      assert.deepEqual(verdicts, [late]);
      held.take(said('more'));
      assert.equal(out.length, late === 'pass' ? 2 : 0);
    });
  }

  it('does not end the process when what it delivers by itself cannot be taken', async () => {
    const faults: unknown[] = [];
    const mistake = new Error('a mistake');
    const held = new Withholding(
      () => {
        throw mistake;
      },
      { fault: (error) => faults.push(error) },
    );
    held.begin(byWord({ late: 'pass', patienceMs: 5 }));
    held.take(said('maybe'));
    while (faults.length === 0) await sleep(5);
    assert.deepEqual(faults, [mistake]);
  });

  it('does not wait for its time once it is decided', async () => {
    const { held, out } = withheld();
    const verdicts: string[] = [];
    held.begin(byWord({ patienceMs: 10, decided: (verdict) => verdicts.push(verdict) }));
    held.take(said('yes'));
    await sleep(40);
    assert.deepEqual(verdicts, ['pass']);
    assert.equal(out.length, 1);
  });

  it('keeps no more than a bounded number of messages', () => {
    const { held, out } = withheld();
    held.begin(byWord({ late: 'pass' }));
    for (let i = 0; i < 10_000; i++) held.take(said('maybe'));
    assert.equal(out.length, 10_000);
    assert.equal(held.active, false);
  });

  it('passes what one judge has kept when the next one comes', () => {
    const { held, out } = withheld();
    held.begin(byWord());
    held.take(said('maybe'));
    held.begin(byWord());
    assert.deepEqual(out, [said('maybe')]);
    held.take(said('no'));
    assert.equal(out.length, 1);
  });

  it('is asked to decide from outside, and then expects nothing more of the turn', () => {
    const { held, out, hooks } = withheld();
    held.begin(byWord());
    held.take(said('maybe'));
    held.end('drop');
    assert.deepEqual(hooks, ['gone']);
    held.take(said('next'));
    assert.deepEqual(out, [said('next')]);
    held.begin(byWord());
    held.take(said('no'));
    held.end('drop');
    assert.deepEqual(hooks, ['gone', 'gone'], 'the connection was lost while the rest was being dropped');
    assert.equal(held.active, false);
    held.begin(byWord());
    held.take(said('maybe'));
    held.end('pass');
    assert.deepEqual(out, [said('next'), said('maybe')]);
  });

  it('delivers nothing more when whoever hears it ends the session', () => {
    const out: LiveServerMessage[] = [];
    const held: Withholding = new Withholding((message) => {
      out.push(message);
      held.end('drop');
    });
    held.begin(byWord());
    held.take(heard('computer'));
    held.take(said('yes'));
    assert.deepEqual(out, [heard('computer')]);
  });
});
