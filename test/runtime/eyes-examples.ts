import assert from 'node:assert/strict';
import type { NodeRedRuntime } from '../support/node-red';
import { ExampleRun } from './example-run';

/** Push to talk, sleep, wake phrase and observer: as they are shipped, with the buttons that stand in for devices. */
export function describeEyesExamples(name: string, find: () => NodeRedRuntime | { missing: string }): void {
  describe(`examples of eyes and ears, in Node-RED ${name}`, function () {
    this.timeout(180_000);
    const run = ExampleRun.inSuite(find);
    const press = (button: string) => run().press(button);
    const text = (pattern: RegExp) => run().text(pattern);
    const napped = (pattern: RegExp) => run().shown('asleep or awake?', pattern);

    it('14: what is said between press and let go is answered, and nothing else is sent', async () => {
      await run().deploy('14 - Push to talk');
      await press('hold, and ask for the time');
      await text(/^what time is it$/);
      await text(/^It is \d/);
      assert.equal(run().all('text of both sides').length, 2);
    });

    it('15: falls asleep after a while, and hears from the first word on what wakes it', async () => {
      await run().deploy('15 - Hands-free with a loud speaker', ({ type }) =>
        type === 'gemini-live-session' ? { sleepAfter: '1' } : {},
      );
      await press('somebody speaks');
      await text(/^what time is it$/);
      await text(/^It is \d/);
      await napped(/"reason":"idle"/);
      run().comms.clear();
      await press('somebody speaks');
      await text(/^what time is it$/);
      await text(/^It is \d/);
      await napped(/"by":"speech"/);
    });

    it('15: sleeps and wakes by hand', async () => {
      await napped(/"reason":"idle"/);
      run().comms.clear();
      await press('wake up');
      await napped(/"by":"message"/);
      run().comms.clear();
      await press('sleep now');
      await napped(/"reason":"asked"/);
    });

    it('16: remarks on a picture that is new, and on nothing else', async () => {
      await run().deploy('16 - A silent observer of a screen', ({ type }) =>
        type === 'gemini-live-session' ? { watchEvery: '1' } : {},
      );
      const remark = /^A new picture has come\. It is a JPEG picture of 320 by 200 pixels\. I am only rules/;
      const became = (type: string) =>
        run().shown('asked, said or swallowed', new RegExp(`"type":"${type}"`));
      await press('a drawing');
      await run().shown('remarks', remark);
      await became('said');
      run().comms.clear();
      // Back to what it has told about, before it is asked again.
      await press('another drawing');
      await press('a drawing');
      await became('swallowed');
      await press('another drawing');
      await run().shown('remarks', remark);
      assert.equal(run().all('remarks').length, 1);
    });

    it('17: sleeps on when it is spoken to without the phrase, and answers with it', async () => {
      await run().deploy('17 - Wake with a phrase');
      await press('sleep now');
      await napped(/"reason":"asked"/);
      run().comms.clear();
      await press('ask without the phrase');
      await napped(/"reason":"no-phrase"/);
      assert.deepEqual(run().all('text of both sides'), [], 'nobody hears of it');
      await press('ask with the phrase');
      await napped(/"word":"hey gemini"/);
      await text(/^hey gemini what time is it$/);
      await text(/^It is \d/);
    });

    it('does all that without an error, but for devices that are not there', () => {
      assert.deepEqual(run().mistakes, []);
    });
  });
}
