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

  /** Imports one example into a tab of its own, by the menu. */
  async importExample(packageName: string, title: string): Promise<void> {
    const dialog = await this.openExamples(packageName);
    await dialog.getByText(title, { exact: true }).click();
    await dialog.locator('#red-ui-clipboard-dialog-import-opt-new').click();
    await this.shot(`import ${title}`);
    await dialog.locator('#red-ui-clipboard-dialog-ok').click();
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
  async cancelDialog(): Promise<void> {
    const trays = this.page.locator('.red-ui-tray');
    const before = await trays.count();
    await trays
      .last()
      .locator('button, .ui-button', { hasText: /^Cancel$/ })
      .click();
    await this.page.waitForFunction(`document.querySelectorAll('.red-ui-tray').length < ${before}`);
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
