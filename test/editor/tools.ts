import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { browserMissing, openBrowser } from '../support/browser';
import { type CanvasNode, centre, Editor } from '../support/editor';
import { NodeRed, type FlowNode, type NodeRedRuntime } from '../support/node-red';
import { packedPackage } from '../support/package';
import { skipWithout } from '../support/skip';

const TYPE = 'gemini-live-tools';
const debug = (id: string, y: number): FlowNode => ({
  ...{ id, type: 'debug', z: 'flow', name: id, x: 700, y, wires: [] },
  ...{ active: false, tosidebar: true, complete: 'false' },
});
/** What the tools node is wired to, and two services with sessions of their own. */
const FLOW: FlowNode[] = [
  { id: 'flow', type: 'tab', label: 'Home' },
  { id: 'service', type: 'gemini-live-config', name: 'rehearsal', endpoint: 'local' },
  { id: 'other-service', type: 'gemini-live-config', name: 'elsewhere', endpoint: 'local' },
  {
    id: 'kitchen',
    type: 'gemini-live-session',
    z: 'flow',
    name: 'Kitchen',
    config: 'service',
    x: 200,
    y: 60,
    wires: [[], [], []],
  },
  {
    id: 'attic',
    type: 'gemini-live-session',
    z: 'flow',
    name: 'Attic',
    config: 'other-service',
    x: 200,
    y: 120,
    wires: [[], [], []],
  },
  {
    ...{ id: 'answer', type: 'gemini-live-tool-response', z: 'flow', name: '', x: 200, y: 400 },
    ...{ scheduling: '', partial: false, wires: [] },
  },
  ...['a', 'b', 'c', 'd', 'e'].map((id, index) => debug(id, 100 + 60 * index)),
];

const BLINDS = {
  name: 'set_blinds',
  description: 'Opens or closes the blinds of a room.',
  parameters: {
    type: 'OBJECT',
    properties: {
      room: { type: 'STRING', enum: ['kitchen', 'bedroom'] },
      position: { type: 'INTEGER', minimum: 0, maximum: 100 },
      when: { type: 'OBJECT', properties: { hour: { type: 'INTEGER' } } },
    },
    required: ['room', 'position'],
  },
};

interface Tools extends FlowNode {
  functions: { name: string; parameters: object; [field: string]: unknown }[];
  outputs: number;
  inputs: number;
  session: string;
}

/**
 * The dialogs of the tool nodes, used as somebody does who teaches the model what it can do in a house.
 * @param themes Node-RED 5 has a dark theme of its own
 */
export function describeToolDialogs(
  name: string,
  find: () => NodeRedRuntime | { missing: string },
  themes: ('light' | 'dark')[],
): void {
  describe(`dialogs of the tool nodes in Node-RED ${name}`, function () {
    this.timeout(120_000);
    let nodeRed: NodeRed | undefined;
    let browser: Awaited<ReturnType<typeof openBrowser>> | undefined;
    let editor: Editor;
    let tools: CanvasNode;

    before(async function () {
      this.timeout(300_000); // the package may have to be built and packed first
      const runtime = find();
      skipWithout(this, browserMissing);
      skipWithout(this, 'missing' in runtime && runtime.missing);
      await packedPackage();
      nodeRed = await NodeRed.start({ runtime: runtime as NodeRedRuntime });
      await nodeRed.deploy(FLOW);
      browser = await openBrowser();
      editor = await Editor.open(await browser.context.newPage(), nodeRed.url, `tools-${name}`);
      tools = await editor.drop(TYPE, 350, 200);
    });

    after(async () => {
      await browser?.close();
      await nodeRed?.stop();
    });

    afterEach(async () => {
      await editor.closeDialogs(); // those that a test which failed has left open
      assert.deepEqual(editor.complaints.splice(0), [], 'the page complained');
    });

    const open = () => editor.openDialog(tools);
    const rows = (dialog: Locator) => dialog.locator('.gemini-live-function');
    const row = (dialog: Locator, title: string) =>
      rows(dialog).filter({ has: editor.page.locator('.gemini-live-function-title', { hasText: title }) });
    /** Opens a function. @returns where it stands now: its title may change */
    const unfold = async (dialog: Locator, title: string): Promise<Locator> => {
      const titles = await rows(dialog).locator('.gemini-live-function-title').allTextContents();
      const found = rows(dialog).nth(titles.indexOf(title));
      if (await found.locator('.gemini-live-function-body').isHidden())
        await found.locator('.gemini-live-function-toggle').click();
      return found;
    };
    const field = (within: Locator, label: string) =>
      within.locator('.gemini-live-field', { hasText: label }).locator('input, select, textarea').first();
    const press = (within: Locator, text: string) =>
      within.locator('button', { hasText: new RegExp(`^\\s*${text}$`) }).click();
    /** Replaces the JSON in the tray. */
    const typeJson = async (value: unknown): Promise<void> => {
      await editor.page.locator('#gemini-live-json-text .monaco-editor').click();
      await editor.page.keyboard.press('ControlOrMeta+A');
      await editor.paste(JSON.stringify(value));
    };
    const names = async () => (await editor.exported<Tools>(tools.id)).functions.map((one) => one.name);

    it('begins with one function as an example, open to be edited', async () => {
      const dialog = await open();
      assert.equal(await rows(dialog).count(), 1);
      assert.equal(await field(rows(dialog), 'Name').inputValue(), 'set_light');
      await editor.shot('new node');
      await dialog.locator('#node-input-config').selectOption({ label: 'rehearsal' });
      assert.deepEqual(await dialog.locator('#gemini-live-session option').allTextContents(), [
        'all sessions of the service',
        'Kitchen',
      ]);
      assert.deepEqual(await editor.faults(), []);
      await editor.doneDialog();
      assert.deepEqual(await editor.invalid(tools.id), []);
    });

    it('adds functions, each with an output of its name', async () => {
      const dialog = await open();
      for (const title of ['get_temperature', 'unlock_front_door']) {
        await press(dialog, 'function');
        await editor.page.keyboard.type(title); // the name of a new function is ready to be typed over
      }
      const temperature = await unfold(dialog, 'get_temperature');
      await field(temperature, 'Description').fill('How warm it is in a room.');
      await press(temperature, 'parameter');
      await editor.page.keyboard.type('room');
      const parameter = temperature.locator('.gemini-live-parameter');
      await parameter.getByTitle('Allowed values').fill('kitchen, "bath, upstairs"');
      await parameter.locator('.gemini-live-parameter-description').fill('which room');
      await editor.shot('three functions');
      assert.deepEqual(await editor.faults(), []);
      await editor.doneDialog();
      for (const [output, target] of ['a', 'b', 'c', 'd'].entries())
        await editor.wire(tools.id, output, target);
      assert.deepEqual(await editor.wires(tools.id), [
        ['set_light', 'a'],
        ['get_temperature', 'b'],
        ['unlock_front_door', 'c'],
        ['cancelled', 'd'],
      ]);
      assert.deepEqual((await editor.exported<Tools>(tools.id)).functions[1]?.parameters, {
        type: 'object',
        properties: {
          room: { type: 'string', enum: ['kitchen', 'bath, upstairs'], description: 'which room' },
        },
        required: ['room'],
      });
      await editor.shot('wired');
    });

    it('keeps the wires when functions are sorted and renamed', async () => {
      const dialog = await open();
      await row(dialog, 'set_light').locator('.gemini-live-function-toggle').scrollIntoViewIfNeeded();
      const handle = (title: string) => row(dialog, title).locator('.gemini-live-function-handle');
      const first = await centre(handle('set_light'));
      await editor.drag(await centre(handle('unlock_front_door')), { x: first.x, y: first.y - 20 });
      const light = await unfold(dialog, 'set_light');
      await field(light, 'Name').fill('switch_light');
      await editor.doneDialog();
      assert.deepEqual(await editor.wires(tools.id), [
        ['unlock_front_door', 'c'],
        ['switch_light', 'a'],
        ['get_temperature', 'b'],
        ['cancelled', 'd'],
      ]);
    });

    it('shows what does not fit while one types, and marks the node', async () => {
      const dialog = await open();
      const light = await unfold(dialog, 'switch_light');
      await field(light, 'Name').fill('get_temperature');
      await light.getByText('the same name').waitFor();
      await field(light, 'Name').fill('switch the light');
      await light.locator('.gemini-live-problems code', { hasText: 'name' }).waitFor();
      await editor.shot('wrong name');
      assert.deepEqual(await editor.faults(), []);
      await editor.doneDialog();
      assert.match((await editor.invalid(tools.id)).join(), /^switch the light: name: /);
      const again = await open();
      await field(await unfold(again, 'switch the light'), 'Name').fill('switch_light');
      await editor.doneDialog();
      assert.deepEqual(await editor.invalid(tools.id), []);
    });

    it('asks the flow before a dangerous function: one more output, and an input', async () => {
      const dialog = await open();
      const door = await unfold(dialog, 'unlock_front_door');
      await door.getByText('How it is called and answered').click();
      await field(door, 'Confirmation').selectOption('flow');
      await field(door, 'Question').fill('Shall I really unlock the door?');
      await field(door, 'Meanwhile').selectOption('NON_BLOCKING');
      await door.getByText('Gemini 3.1 Flash Live always waits').waitFor();
      await field(door, 'Meanwhile').selectOption('');
      await editor.shot('to be confirmed');
      await editor.doneDialog();
      await editor.wire(tools.id, 4, 'e');
      const { inputs, outputs } = await editor.exported<Tools>(tools.id);
      assert.deepEqual({ inputs, outputs }, { inputs: 1, outputs: 5 });
      assert.deepEqual((await editor.wires(tools.id)).slice(3), [
        ['cancelled', 'd'],
        ['to confirm', 'e'],
      ]);
    });

    it('takes the wires of a function that is removed, and only those', async () => {
      const dialog = await open();
      await row(dialog, 'switch_light').getByTitle('remove this function').click();
      await editor.doneDialog();
      assert.deepEqual(await editor.wires(tools.id), [
        ['unlock_front_door', 'c'],
        ['get_temperature', 'b'],
        ['cancelled', 'd'],
        ['to confirm', 'e'],
      ]);
    });

    it('refuses a wrong schema, with the place of the mistake', async () => {
      const dialog = await open();
      await press(await unfold(dialog, 'get_temperature'), 'edit as JSON');
      await editor.page.locator('#gemini-live-json-text .monaco-editor').waitFor();
      await typeJson({ type: 'object', properties: { room: { type: 'strin' } } });
      const problems = editor.page.locator('.gemini-live-json .gemini-live-problems');
      await problems.getByText('properties.room.type', { exact: true }).waitFor();
      await editor.shot('wrong schema');
      assert.deepEqual(await editor.faults(), []);
      await editor.page.locator('.red-ui-tray').last().locator('#node-dialog-ok').click({ force: true });
      assert.equal(await problems.isVisible(), true, 'it was taken');
      await typeJson({
        type: 'object',
        properties: { room: { type: 'string' }, days: { type: 'array', items: { type: 'integer' } } },
      });
      await problems.waitFor({ state: 'hidden' });
      await editor.doneDialog();
      const temperature = await unfold(dialog, 'get_temperature');
      await temperature.getByText('list of integer').waitFor();
      await editor.shot('nested');
      await editor.doneDialog();
      assert.deepEqual((await editor.exported<Tools>(tools.id)).functions[1]?.parameters, {
        type: 'object',
        properties: { room: { type: 'string' }, days: { type: 'array', items: { type: 'integer' } } },
      });
    });

    it('imports declarations, and leaves alone what rows cannot show', async () => {
      const dialog = await open();
      await press(dialog, 'import');
      await editor.page.locator('#gemini-live-json-text .monaco-editor').waitFor();
      await typeJson({
        functionDeclarations: [BLINDS, { name: 'get_temperature', description: 'Tells how warm it is.' }],
      });
      await editor.shot('import');
      await editor.doneDialog();
      const blinds = await unfold(dialog, 'set_blinds');
      await blinds.locator('.gemini-live-parameter').nth(1).getByTitle('A range').fill('0..10');
      await editor.shot('imported');
      assert.deepEqual(await editor.faults(), []);
      await editor.doneDialog();
      assert.deepEqual(await names(), ['unlock_front_door', 'get_temperature', 'set_blinds']);
      const { functions } = await editor.exported<Tools>(tools.id);
      assert.deepEqual(functions[2]?.parameters, {
        type: 'object',
        properties: {
          room: { type: 'string', enum: ['kitchen', 'bedroom'] },
          position: { type: 'integer', minimum: 0, maximum: 10 },
          when: { type: 'object', properties: { hour: { type: 'integer' } } },
        },
        required: ['room', 'position'],
      });
      assert.deepEqual(
        (await editor.wires(tools.id)).map(([output]) => output),
        [...['unlock_front_door', 'get_temperature', 'cancelled', 'to confirm']],
      );
    });

    it('shows the same again, changes nothing by being looked at, and deploys', async () => {
      const chosen = await open();
      await chosen.locator('#gemini-live-session').selectOption({ label: 'Kitchen' });
      await editor.doneDialog();
      const before = await editor.exported<Tools>(tools.id);
      assert.equal(before.session, 'kitchen');
      await editor.deploy();
      await editor.quiet();
      const dialog = await open();
      for (const { name: title } of before.functions) await unfold(dialog, title);
      await editor.doneDialog();
      assert.equal(await editor.page.evaluate('editorPage.changed()'), false, 'looking changed something');
      const deployed = await nodeRed!.admin<FlowNode[]>('GET', 'flows');
      const { functions, outputs, inputs, session } = deployed.find(({ id }) => id === tools.id) as Tools;
      assert.deepEqual(
        { functions, outputs, inputs, session },
        {
          functions: before.functions,
          outputs: 5,
          inputs: 1,
          session: 'kitchen',
        },
      );
    });

    it('takes a session along when both are copied, and marks one that is gone', async () => {
      const copies = await editor.copy(['kitchen', tools.id]);
      const copy = copies.find(({ type }) => type === TYPE)!;
      const session = copies.find(({ type }) => type === 'gemini-live-session')!;
      assert.equal((await editor.exported<Tools>(copy.id)).session, session.id);
      await editor.remove(session.id);
      assert.match((await editor.invalid(copy.id)).join(), /not there any more/);
      await editor.remove(copy.id);
      await editor.quiet();
    });

    it('can be edited, if less comfortably, where the plugin with the widgets is switched off', async () => {
      const page = await browser!.context.newPage();
      await page.route(/\/plugins(\?|$)/, async (route) => {
        const html = (route.request().headers()['accept'] ?? '').includes('text/html');
        await (html ? route.fulfill({ contentType: 'text/html', body: '' }) : route.fallback());
      });
      const plain = await Editor.open(page, nodeRed!.url, `plain-${name}`);
      const dialog = await plain.openDialog(tools);
      const text = dialog.locator('.gemini-live-functions-text');
      const functions = JSON.parse(await text.inputValue()) as Tools['functions'];
      await plain.shot('without the plugin');
      await text.fill(JSON.stringify([...functions, { ...functions[0], name: 'lock_front_door' }]));
      await plain.doneDialog();
      const { functions: edited, outputs, session } = await plain.exported<Tools>(tools.id);
      assert.equal(edited.at(-1)?.name, 'lock_front_door');
      assert.deepEqual({ outputs, session }, { outputs: functions.length + 3, session: 'kitchen' });
      assert.deepEqual(plain.complaints, []);
      await page.evaluate('RED.nodes.dirty(false)'); // it would ask before it closes
      await page.close();
    });

    for (const theme of themes) {
      it(`is easy on the eyes in the ${theme} theme, also where there is little room`, async () => {
        if (themes.length > 1) await editor.theme(theme);
        const faults: string[] = [];
        for (const width of [1400, 860]) {
          await editor.page.setViewportSize({ width, height: 1100 });
          const dialog = await open();
          for (const title of await names()) await unfold(dialog, title);
          await editor.shot(`${theme} tools at ${width}`);
          faults.push(...(await editor.faults()));
          await editor.cancelDialog();
        }
        await editor.page.setViewportSize({ width: 1400, height: 900 });
        await editor.openDialog((await editor.nodes()).find(({ id }) => id === 'answer')!);
        await editor.shot(`${theme} tool response`);
        faults.push(...(await editor.faults()));
        await editor.cancelDialog();
        assert.deepEqual(faults, []);
      });
    }
  });
}
