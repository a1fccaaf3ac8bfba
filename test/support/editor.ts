import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';

/** A node on the canvas, as the editor knows it. */
export interface CanvasNode {
  id: string;
  type: string;
  label: string;
  /** False where the editor shows the red mark of a node that is not set up. */
  valid: boolean;
  /** True where the palette has no such type. */
  unknown: boolean;
  /** A config node has a dialog but no place on the canvas. */
  config: boolean;
}

/** A point of the page (px). */
export interface Point {
  x: number;
  y: number;
}

/** The middle of what a locator finds. */
export async function centre(locator: Locator): Promise<Point> {
  const box = await locator.boundingBox();
  if (!box) throw new Error(`Not to be seen: ${locator}`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** The real editor in a real browser, used as a person does: by menu, mouse and dialogs. */
export class Editor {
  /** Everything the page complained of: errors on the console, exceptions, failed requests. */
  readonly complaints: string[] = [];
  private shots = 0;

  private constructor(
    readonly page: Page,
    private readonly name: string,
  ) {
    page.on('console', (message) => {
      if (message.type() === 'error')
        this.complaints.push(`console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.complaints.push(`exception: ${error.stack ?? error.message}`));
    page.on('response', (response) => {
      if (response.status() >= 400) this.complaints.push(`${response.status()} ${response.url()}`);
    });
    page.on('requestfailed', (request) => {
      // The editor itself drops requests when a dialog closes; a missing resource answers 404 and is seen above.
      if (request.failure()?.errorText !== 'net::ERR_ABORTED')
        this.complaints.push(`${request.failure()?.errorText} ${request.url()}`);
    });
  }

  /**
   * Opens the editor and waits until it can be used.
   * @param name first part of the screenshots' file names
   */
  static async open(page: Page, url: string, name: string): Promise<Editor> {
    const editor = new Editor(page, name);
    await page.addInitScript({ path: path.join(__dirname, 'editor-page.js') });
    await page.goto(url);
    await editor.loaded();
    return editor;
  }

  private async loaded(): Promise<void> {
    await this.page.locator('.red-ui-palette-node').first().waitFor();
    await this.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
    await this.quiet();
  }

  /** Opens Import → Examples down to the examples of a package, which are those of its folder `flows`. */
  async openExamples(packageName: string): Promise<Locator> {
    await this.page.locator('#red-ui-header-button-sidemenu').click();
    await this.page.locator('#menu-item-import').click();
    const dialog = this.page.locator('.ui-dialog:has(#red-ui-clipboard-dialog)');
    await dialog.locator('#red-ui-tab-red-ui-clipboard-dialog-import-tab-examples a').click();
    const entry = (within: Locator, text: string) =>
      within
        .locator('li')
        .filter({ has: this.page.locator(`:scope > * > .red-ui-treeList-label`, { hasText: text }) });
    const ours = entry(dialog.locator('#red-ui-clipboard-dialog-import-tab-examples'), packageName).last();
    await ours.locator('.red-ui-treeList-label').first().click();
    await ours.getByText('flows', { exact: true }).click();
    return dialog;
  }

  /**
   * An example in the dialog of {@link openExamples}, its submenu opened.
   * @param title `submenu/title`, or the title alone
   */
  async exampleEntry(dialog: Locator, title: string): Promise<Locator> {
    const [name = '', folder] = title.split('/').reverse();
    if (!folder) return dialog.getByText(name, { exact: true });
    const submenu = dialog
      .locator('li')
      .filter({
        has: this.page.locator(':scope > * > .red-ui-treeList-label').getByText(folder, { exact: true }),
      })
      .last();
    const entry = submenu.getByText(name, { exact: true });
    if (!(await entry.isVisible())) await submenu.locator('.red-ui-treeList-label').first().click();
    return entry;
  }

  /** Imports one example into a tab of its own, by the menu. */
  async importExample(packageName: string, title: string): Promise<void> {
    const dialog = await this.openExamples(packageName);
    const entry = await this.exampleEntry(dialog, title);
    const ok = dialog.locator('#red-ui-clipboard-dialog-ok');
    // A click on an entry of a tree that is still unfolding is lost now and then.
    for (let tries = 0; tries < 10 && !(await ok.isEnabled()); tries += 1) {
      await entry.click();
      await this.page.waitForTimeout(200);
    }
    await dialog.locator('#red-ui-clipboard-dialog-import-opt-new').click();
    await this.shot(`import ${title.replace('/', ' - ')}`);
    await ok.click();
    await dialog.waitFor({ state: 'hidden' });
    await this.page.waitForFunction('editorPage.changed()');
  }

  /** Presses Deploy and waits until Node-RED has taken the flows; a question of the editor fails it. */
  async deploy(): Promise<void> {
    const taken = this.page.waitForResponse(
      (response) => response.request().method() === 'POST' && /\/flows$/.test(response.url()),
      { timeout: 20_000 },
    );
    const asked = this.page
      .locator('.red-ui-notification', { hasText: /not properly configured|unknown|unused/i })
      .waitFor({ timeout: 20_000 })
      .then(async () => {
        const text = await this.page.locator('.red-ui-notification').allInnerTexts();
        throw new Error(`The editor asked before deploying: ${text.join(' | ')}`);
      });
    await this.page.locator('#red-ui-header-button-deploy').click();
    await Promise.race([taken, asked]);
    asked.catch(() => undefined);
    taken.catch(() => undefined);
    await this.page.waitForFunction('!editorPage.changed()');
  }

  /** Closes the notes at the top, which hide a dialog's buttons, by a click on each. */
  async quiet(): Promise<void> {
    const notes = this.page.locator('.red-ui-notification');
    for (let count = await notes.count(); count > 0; count = await notes.count()) {
      // A note that is just going by itself needs no click.
      await notes
        .first()
        .click({ timeout: 2_000 })
        .catch(() => undefined);
      await this.page.waitForFunction(`document.querySelectorAll('.red-ui-notification').length < ${count}`);
    }
  }

  /** Chooses the dark or the light theme (Node-RED 5) and loads the editor anew with it. */
  async theme(theme: 'light' | 'dark'): Promise<void> {
    await this.page.evaluate(`editorPage.setTheme('${theme}')`);
    await this.page.reload();
    await this.loaded();
  }

  /** What a person would find wrong with the open dialog; see `dialogFaults` in editor-page.js. */
  faults(): Promise<string[]> {
    return this.page.evaluate('editorPage.dialogFaults()');
  }

  /** All nodes of all tabs, config nodes last. */
  nodes(): Promise<CanvasNode[]> {
    return this.page.evaluate('editorPage.nodes()');
  }

  /** Goes to the tab and place of a node. */
  async reveal(node: CanvasNode): Promise<void> {
    await this.page.evaluate(`editorPage.reveal('${node.id}')`);
    await this.page.locator(`[id="${node.id}"] .red-ui-flow-node`).waitFor();
  }

  /** Opens a node's dialog: a double click on the canvas; for a config node what the pencil beside its list does. */
  async openDialog(node: CanvasNode): Promise<Locator> {
    if (node.config) {
      await this.page.evaluate(`editorPage.editConfig('${node.type}', '${node.id}')`);
    } else {
      await this.reveal(node);
      await this.page.locator(`[id="${node.id}"] .red-ui-flow-node`).dblclick();
    }
    const tray = this.page.locator('.red-ui-tray').last();
    await tray.locator('.red-ui-tray-footer, .red-ui-tray-toolbar').first().waitFor();
    await tray.locator('#node-input-name, #node-config-input-name').first().waitFor();
    await this.page.waitForTimeout(400); // the tray slides in; nothing tells when it has arrived
    return tray;
  }

  /** Leaves the dialog with Cancel. */
  cancelDialog(): Promise<void> {
    return this.leaveDialog(/^Cancel$/);
  }

  /** Leaves the dialog with Done. */
  doneDialog(): Promise<void> {
    return this.leaveDialog(/^Done$/);
  }

  /** Leaves all dialogs, whatever stands in them. */
  async closeDialogs(): Promise<void> {
    while ((await this.page.locator('.red-ui-tray').count()) > 0) await this.cancelDialog();
  }

  private async leaveDialog(button: RegExp): Promise<void> {
    const title = this.page.locator('.red-ui-tray').last().locator('.red-ui-tray-titlebar');
    const left = await title.textContent();
    await this.page.locator('.red-ui-tray').last().locator('button, .ui-button', { hasText: button }).click();
    // A dialog that lies under another comes back when that is left.
    await this.page.waitForFunction(
      (text) => [...document.querySelectorAll('.red-ui-tray-titlebar')].at(-1)?.textContent !== text,
      left,
    );
    await this.page.waitForTimeout(400); // it slides out; nothing tells when it has gone
  }

  /** Drags a node from the palette to a place on the canvas (px from its upper left corner). */
  async drop(type: string, x: number, y: number): Promise<CanvasNode> {
    const known = new Set((await this.nodes()).map(({ id }) => id));
    const node = this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
    await node.scrollIntoViewIfNeeded();
    const to = (await this.page.locator('#red-ui-workspace-chart').boundingBox())!;
    await this.drag(await centre(node), { x: to.x + x, y: to.y + y });
    return (await this.nodes()).find(({ id }) => !known.has(id))!;
  }

  /** Draws a wire from an output, counted from 0, to the input of another node. */
  async wire(source: string, output: number, target: string): Promise<void> {
    const port = (id: string, side: string) =>
      this.page.locator(`[id="${id}"] .red-ui-flow-port-${side} .red-ui-flow-port`);
    await this.drag(await centre(port(source, 'output').nth(output)), await centre(port(target, 'input')));
  }

  /** Presses the mouse at one point and lets go at another, moving as a hand does: some lists only notice small steps. */
  async drag(from: Point, to: Point): Promise<void> {
    const { mouse } = this.page;
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move(from.x + 3, from.y + 3, { steps: 3 });
    await mouse.move(to.x, to.y, { steps: 12 });
    await mouse.up();
  }

  /** The wires that leave a node, each as the label of its output and the id of the node at its end. */
  wires(id: string): Promise<[output: string, target: string][]> {
    return this.page.evaluate(`editorPage.wires('${id}')`);
  }

  /** A node as it would be deployed. */
  exported<Node>(id: string): Promise<Node> {
    return this.page.evaluate(`editorPage.exported('${id}')`);
  }

  /** Pastes a text where the cursor is. */
  async paste(text: string): Promise<void> {
    await this.page.evaluate(`editorPage.paste(${JSON.stringify(text)})`);
  }

  /** Copies nodes into the same flow. @returns the copies */
  async copy(ids: readonly string[]): Promise<CanvasNode[]> {
    const known = new Set((await this.nodes()).map(({ id }) => id));
    await this.page.evaluate(`editorPage.copy(${JSON.stringify(ids)})`);
    return (await this.nodes()).filter(({ id }) => !known.has(id));
  }

  /** Deletes a node. */
  async remove(id: string): Promise<void> {
    await this.page.evaluate(`editorPage.remove('${id}')`);
  }

  /** Why the editor marks a node as not set up. */
  invalid(id: string): Promise<string[]> {
    return this.page.evaluate(`editorPage.invalid('${id}')`);
  }

  /** Keeps a picture where `SCREENSHOTS` names a folder, for people to look at. */
  async shot(title: string): Promise<void> {
    const folder = process.env.SCREENSHOTS;
    if (!folder) return;
    await mkdir(folder, { recursive: true });
    const number = String((this.shots += 1)).padStart(2, '0');
    const file = `${this.name}-${number}-${title}`.replace(/[^\w.-]+/g, '-');
    await this.page.screenshot({ path: path.join(folder, `${file}.png`) });
  }
}
