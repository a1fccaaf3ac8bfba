import assert from 'node:assert/strict';
import type { FlowNode, NodeRedRuntime } from '../support/node-red';
import { ExampleRun } from './example-run';
import { named } from './flows';

/** The examples of function calls that need no home: imported as they are shipped, and asked in writing. */
export function describeToolExamples(name: string, find: () => NodeRedRuntime | { missing: string }): void {
  describe(`examples of function calls, in Node-RED ${name}`, function () {
    this.timeout(120_000);
    const run = ExampleRun.inSuite(find);
    const deploy: ExampleRun['deploy'] = (title, change) => run().deploy(title, change);
    const press = (button: string) => run().press(button);
    const shown = (debug: string, pattern: RegExp) => run().shown(debug, pattern);
    const text = (pattern: RegExp) => run().text(pattern);
    const statusOf = (name: string) => run().comms.statusOf(named(run().flow, name).id)?.text;

    for (const { model, title, answer, other } of [
      { model: '', title: 'asked to, where the model waits', answer: 'it runs', other: 'when idle' },
      {
        model: 'gemini-3.8-live',
        title: 'as the answer, where it does not',
        answer: 'when idle',
        other: 'it runs',
      },
    ]) {
      it(`08: a timer speaks up by itself: ${title}`, async () => {
        await deploy('08 - Timers and reminders', ({ type }) => ({
          ...(type === 'tab' && { env: [{ name: 'MINUTE_MS', value: '150', type: 'num' }] }),
          ...(type === 'gemini-live-config' && { model }),
        }));
        await press('set a timer called tea for 3 minutes');
        await text(/^The timer called tea is over\.$/);
        await press('remind me to water the plants');
        await text(/^Here is your reminder: water the plants\.$/);
        assert.equal(statusOf(answer), 'sent');
        assert.equal(statusOf(other), undefined);
      });
    }

    it('09: the picture of a camera is the answer, and a camera that fails is one in words', async () => {
      const title = '09 - Who is at the front door';
      const camera = (path: string) => (node: FlowNode) =>
        node.type === 'gemini-live-video-in' ? { url: `${run().nodeRed.url}${path}` } : {};
      await deploy(title, camera('front-door.jpg'));
      await press('who is at the front door');
      await text(/^The camera has sent a JPEG picture\./);
      await deploy(title, camera('no-such-camera.jpg'));
      await press('who is at the front door');
      await text(/did not work.*404/);
    });

    it('10: a door is unlocked after a spoken yes only', async () => {
      await deploy('10 - Ask before something dangerous');
      await press('unlock the front door');
      await text(/^Shall I really unlock the front door\?$/);
      run().comms.clear();
      await press('say no');
      await text(/^All right, I leave it\.$/);
      run().comms.clear();
      await press('unlock the front door');
      await text(/^Shall I really unlock the front door\?$/);
      await press('say yes');
      await text(/^The front door is unlocked\.$/);
    });

    it('10: a garage is opened after yes was pressed only', async () => {
      await press('open the garage');
      await shown('press yes or no', /Open the garage\?/);
      await press('no');
      await text(/not allow/);
      run().comms.clear();
      await press('open the garage');
      await shown('press yes or no', /Open the garage\?/);
      await press('yes');
      await text(/garage: open/);
    });

    it('11: the subflow of a room switches its light and answers', async () => {
      await deploy('11 - Tool calls in a subflow');
      await press('turn on the bedroom light');
      await text(/^The bedroom light is on\.$/);
      await shown('the lights now', /"light":"bedroom","on":true,"brightness":100/);
      await press('dim the kitchen light');
      await text(/^The kitchen light is on\. It is at 30 percent\.$/);
      await shown('the lights now', /"light":"kitchen","on":true,"brightness":30/);
    });

    it('does all that without an error, but for the loudspeaker where there is none', () => {
      assert.deepEqual(run().mistakes, []);
    });
  });
}
