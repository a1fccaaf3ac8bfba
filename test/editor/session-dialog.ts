import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { browserMissing, openBrowser } from '../support/browser';
import { type CanvasNode, Editor } from '../support/editor';
import { NodeRed, type FlowNode, type NodeRedRuntime } from '../support/node-red';
import { packedPackage } from '../support/package';
import { skipWithout } from '../support/skip';

type Values = Record<string, string | boolean>;

const session = (id: string, y: number, fields: object): FlowNode => ({
  ...{ id, type: 'gemini-live-session', z: 'flow', name: id, config: 'service', x: 200, y },
  ...{ wires: [[], [], []], ...fields },
});
/** Sessions of flows from before most of the fields. */
const FLOW: FlowNode[] = [
  { id: 'flow', type: 'tab', label: 'Home' },
  { id: 'service', type: 'gemini-live-config', name: 'rehearsal', endpoint: 'local' },
  session('headset', 300, { echoGate: false }),
  session('speaker', 360, { echoGate: true }),
];

const LISTS = ['connect', 'turnDetection', 'detector', 'echo', 'wakeOn'];
const ALWAYS = ['name', 'config', 'connect', 'turnDetection', 'echo'];
const VOICE = ['silenceMs', 'minSpeechMs', 'preRollMs', 'detector'];
const SLEEP = ['sleepAfter', 'freshAfter'];
const WATCH = ['watchEvery', 'watchFrames', 'watchPrompt', 'watchNothing'];
const OTHERS = ['watch', 'realtime', 'partial', 'levels', 'store', 'record'];

/** What is chosen one after the other, and which rows there are then beside those that always show in unfolded groups. */
const CASES: { choose: Values; rows: string[] }[] = [
  { choose: { turnDetection: 'model' }, rows: ['neverSendSilence', 'wakeOn'] },
  { choose: { neverSendSilence: true }, rows: ['neverSendSilence', ...VOICE, 'wakeOn'] },
  { choose: { neverSendSilence: false, sleepAfter: '60' }, rows: ['neverSendSilence', 'detector', 'wakeOn'] },
  { choose: { wakeOn: 'phrase' }, rows: ['neverSendSilence', 'detector', 'wakeOn', 'wakePhrase'] },
  { choose: { turnDetection: 'machine' }, rows: [...VOICE, 'wakeOn', 'wakePhrase'] },
  { choose: { wakeOn: 'wyoming' }, rows: [...VOICE, 'wakeOn', 'wyoming', 'wyomingNames'] },
  { choose: { wakeOn: 'message' }, rows: [...VOICE, 'wakeOn'] },
  { choose: { turnDetection: 'push-to-talk' }, rows: ['longestHold'] },
  { choose: { watch: true }, rows: ['longestHold', ...WATCH] },
  { choose: { record: 'talk.jsonl' }, rows: ['longestHold', ...WATCH, 'recordAudio'] },
];

/** Every field set to something else than its default, in three dialogs: not all of them apply at once. */
const SAVED: { title: string; values: Values; tip: string }[] = [
  {
    title: 'turns found here, and sleep until a phrase',
    values: {
      ...{
        turnDetection: 'machine',
        silenceMs: '700',
        minSpeechMs: '90',
        preRollMs: '400',
        detector: 'silero',
      },
      ...{ echo: 'gate', sleepAfter: '60', wakeOn: 'phrase', wakePhrase: 'hello house; good morning' },
      ...{ freshAfter: '30', connect: 'deploy' },
    },
    tip: 'Nobody can interrupt',
  },
  {
    title: 'push to talk, and watching',
    values: {
      ...{ turnDetection: 'push-to-talk', longestHold: '20', echo: 'barge-in', sleepAfter: '5' },
      ...{
        watch: true,
        watchEvery: '20',
        watchFrames: '2',
        watchPrompt: 'Anything new?',
        watchNothing: 'no',
      },
    },
    tip: 'clearly louder',
  },
  {
    title: 'no silence, a wake-word service, and a recording',
    values: {
      ...{ turnDetection: 'model', neverSendSilence: true, echo: 'off' },
      ...{ wakeOn: 'wyoming', wyoming: 'tcp://127.0.0.1:10400', wyomingNames: 'ok_nabu; hey_jarvis' },
      ...{
        watch: false,
        realtime: false,
        partial: true,
        levels: '2',
        record: 'talk.jsonl',
        recordAudio: false,
      },
    },
    tip: 'headsets',
  },
];

/** Something that cannot be, and the field that is marked then. */
const WRONG: { values: Values; field: string }[] = [
  { values: { sleepAfter: 'soon' }, field: 'sleepAfter' },
  { values: { wakeOn: 'phrase', wakePhrase: '' }, field: 'wakePhrase' },
  { values: { wakeOn: 'wyoming', wyoming: 'http://localhost' }, field: 'wyoming' },
  { values: { watch: true, watchEvery: '-1' }, field: 'watchEvery' },
];

/**
 * The dialog of the session: what is shown when, saved, shown again, and to be read in both themes.
 * @param themes Node-RED 5 has a dark theme of its own
 */
export function describeSessionDialog(
  name: string,
  find: () => NodeRedRuntime | { missing: string },
  themes: ('light' | 'dark')[],
): void {
  describe(`dialog of the session node in Node-RED ${name}`, function () {
    this.timeout(120_000);
    let nodeRed: NodeRed | undefined;
    let browser: Awaited<ReturnType<typeof openBrowser>> | undefined;
    let editor: Editor;

    before(async function () {
      this.timeout(300_000); // the package may have to be built and packed first
      const runtime = find();
      skipWithout(this, browserMissing);
      skipWithout(this, 'missing' in runtime && runtime.missing);
      await packedPackage();
      nodeRed = await NodeRed.start({ runtime: runtime as NodeRedRuntime });
      await nodeRed.deploy(FLOW);
      browser = await openBrowser();
      editor = await Editor.open(await browser.context.newPage(), nodeRed.url, `session-${name}`);
    });

    after(async () => {
      await browser?.close();
      await nodeRed?.stop();
    });

    afterEach(async () => {
      await editor.closeDialogs(); // those that a test which failed has left open
      assert.deepEqual(editor.complaints.splice(0), [], 'the page complained');
    });

    const drop = (): Promise<CanvasNode> => editor.drop('gemini-live-session', 350, 100);
    const node = async (id: string): Promise<CanvasNode> =>
      (await editor.nodes()).find((one) => one.id === id)!;
    /** A field, or the list that stands before it. */
    const field = (dialog: Locator, of: string) =>
      dialog.locator(of === 'store' ? '#node-input-store-choice' : `#node-input-${of}`);
    const groups = (dialog: Locator) => dialog.locator('.gemini-live-group');
    const unfold = async (dialog: Locator): Promise<void> => {
      for (const group of await groups(dialog).all()) {
        if ((await group.getAttribute('open')) === null) await group.locator('summary').click();
      }
    };
    const choose = async (dialog: Locator, values: Values): Promise<void> => {
      for (const [of, value] of Object.entries(values)) {
        const element = field(dialog, of);
        if (typeof value === 'boolean') await element.setChecked(value);
        else if (LISTS.includes(of)) await element.selectOption(value);
        else await element.fill(value);
      }
    };
    const read = async (dialog: Locator, fields: readonly string[]): Promise<Values> => {
      const values: Values = {};
      for (const of of fields) {
        const element = field(dialog, of);
        const check = (await element.getAttribute('type')) === 'checkbox';
        values[of] = check ? await element.isChecked() : await element.inputValue();
      }
      return values;
    };
    const FIELDS = [...new Set([...ALWAYS, ...SLEEP, ...OTHERS, ...CASES.flatMap(({ rows }) => rows)])];
    const visible = async (dialog: Locator): Promise<string[]> => {
      const shown = await Promise.all(FIELDS.map((of) => field(dialog, of).isVisible()));
      return FIELDS.filter((_of, index) => shown[index]).sort();
    };

    it('shows a newcomer few rows', async () => {
      const dialog = await editor.openDialog(await drop());
      assert.deepEqual(await visible(dialog), [...ALWAYS, 'neverSendSilence'].sort());
      await editor.shot('new node');
      await unfold(dialog);
      await editor.shot('new node, unfolded');
    });

    it('shows each row when it applies', async () => {
      const dialog = await editor.openDialog(await drop());
      await unfold(dialog);
      for (const { choose: chosen, rows } of CASES) {
        await choose(dialog, chosen);
        assert.deepEqual(
          await visible(dialog),
          [...ALWAYS, ...SLEEP, ...OTHERS, ...rows].sort(),
          JSON.stringify(chosen),
        );
      }
    });

    for (const { title, values, tip } of SAVED) {
      it(`saves and shows again: ${title}`, async () => {
        const added = await drop();
        const dialog = await editor.openDialog(added);
        await unfold(dialog);
        await choose(dialog, values);
        await editor.doneDialog();
        const exported = await editor.exported<Values>(added.id);
        for (const [of, value] of Object.entries(values)) assert.equal(exported[of], value, of);
        assert.deepEqual(await editor.invalid(added.id), []);
        const again = await editor.openDialog(added);
        assert.deepEqual(await read(again, Object.keys(values)), values);
        // A group in which something is set is unfolded by itself.
        const set = Object.keys(values).filter((of) => !(['wakeOn', 'watch'].includes(of) && !values[of]));
        const shown = await visible(again);
        for (const of of set) assert.ok(shown.includes(of), `${of} is set and hidden`);
        assert.match((await again.locator('.form-tips:visible').allInnerTexts()).join('\n'), new RegExp(tip));
      });
    }

    it('takes the setting of older flows over', async () => {
      for (const [id, echo] of [
        ['headset', 'off'],
        ['speaker', 'auto'],
      ] as const) {
        const dialog = await editor.openDialog(await node(id));
        assert.equal(await field(dialog, 'echo').inputValue(), echo);
        await editor.doneDialog();
        assert.equal((await editor.exported<Values>(id))['echo'], echo);
      }
    });

    it('marks what cannot be', async () => {
      const dialog = await editor.openDialog(await node('speaker'));
      await unfold(dialog);
      for (const { values, field: marked } of WRONG) {
        await choose(dialog, values);
        await field(dialog, marked).blur();
        await dialog.locator(`#node-input-${marked}.input-error`).waitFor();
      }
    });

    for (const theme of themes) {
      it(`can be read in the ${theme} theme, whatever is chosen`, async () => {
        if (themes.length > 1) await editor.theme(theme);
        const dialog = await editor.openDialog(await node('speaker'));
        const faults: string[] = [];
        await unfold(dialog);
        for (const { title, values } of SAVED) {
          await choose(dialog, values);
          await dialog.locator('#node-input-name').scrollIntoViewIfNeeded();
          await editor.shot(`${theme} ${title}, above`);
          await field(dialog, 'store').scrollIntoViewIfNeeded();
          await editor.shot(`${theme} ${title}, below`);
          faults.push(...(await editor.faults()));
        }
        assert.deepEqual([...new Set(faults)], []);
      });
    }
  });
}
