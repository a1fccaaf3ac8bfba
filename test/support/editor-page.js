/* global document, window, getComputedStyle, ClipboardEvent, DataTransfer, Node, RED */

/**
 * Runs inside the editor's page, where tests reach it as `editorPage`. Plain JavaScript, since nothing compiles what a
 * page is given.
 */
window.editorPage = {
  /** All nodes of all tabs, config nodes last (see CanvasNode). */
  nodes() {
    const found = [];
    const take = (config) => (node) => {
      const { label, category } = node._def;
      found.push({
        id: node.id,
        type: node.type,
        label: String(typeof label === 'function' ? label.call(node) : (label ?? node.type)),
        valid: node.valid !== false,
        unknown: node.type === 'unknown' || category === 'unknown',
        config,
      });
    };
    RED.nodes.eachNode(take(false));
    RED.nodes.eachConfig(take(true));
    return found;
  },

  /** True when the editor holds changes that are not deployed. */
  changed: () => RED.nodes.dirty(),

  /** The wires of a node in the order of its outputs: label of the output, id of the other end. */
  wires(id) {
    const node = RED.nodes.node(id);
    const links = RED.nodes.filterLinks({ source: { id } });
    links.sort((a, b) => a.sourcePort - b.sourcePort);
    return links.map(({ sourcePort, target }) => [node._def.outputLabels.call(node, +sourcePort), target.id]);
  },

  exported: (id) => RED.nodes.createExportableNodeSet([RED.nodes.node(id)])[0],

  paste(text) {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(event);
  },

  copy(ids) {
    const nodes = RED.nodes.createExportableNodeSet(ids.map((id) => RED.nodes.node(id)));
    RED.view.importNodes(nodes, { generateIds: true, touchImport: true });
  },

  remove(id) {
    RED.nodes.remove(id);
    RED.view.redraw(true);
  },

  /** As the editor finds it when it loads the flows. */
  invalid(id) {
    const node = RED.nodes.node(id);
    RED.editor.validateNode(node);
    return node.validationErrors ?? [];
  },

  reveal: (id) => RED.view.reveal(id),

  editConfig: (type, id) => RED.editor.editConfig('', type, id),

  setTheme: (theme) => RED.settings.setLocal('view-dark-theme', theme),

  /**
   * What a person would find wrong with the open dialog: text too faint for its background (contrast below 3:1, the
   * WCAG limit for parts of a user interface), labels whose translation is missing, fields that stick out.
   */
  dialogFaults() {
    const tray = [...document.querySelectorAll('.red-ui-tray')].at(-1);
    if (!tray) return ['no dialog is open'];
    const faults = [];
    const right = tray.getBoundingClientRect().right + 1;
    for (const element of tray.querySelectorAll('*')) {
      const box = element.getBoundingClientRect();
      const visible = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      if (!visible || !box.width || !box.height) continue;
      const field = element.matches('input, select, textarea, button, .red-ui-typedInput-container');
      if (field && box.right > right) faults.push(`sticks out: ${element.id || element.className}`);
      const text = ownText(element);
      if (!text || element.closest('[disabled], .disabled, option, style, script')) continue;
      if (/^(gemini-live|label|status|option|tip|placeholder|error|port)[\w-]*\.[\w.-]+$/.test(text))
        faults.push(`not translated: ${text}`);
      const contrast = contrastOf(element);
      if (contrast < 3) faults.push(`too faint (${contrast.toFixed(1)}:1): ${text.slice(0, 60)}`);
    }
    return faults;
  },
};

function ownText(element) {
  const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
  return texts
    .map((node) => node.textContent.trim())
    .join(' ')
    .trim();
}

/** Contrast of text and what is behind it, 1 to 21, by the WCAG formula. */
function contrastOf(element) {
  const [dark, light] = [luminance(getComputedStyle(element).color), luminance(background(element))].sort(
    (a, b) => a - b,
  );
  return (light + 0.05) / (dark + 0.05);
}

function background(start) {
  for (let element = start; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor;
    if ((channels(colour)[3] ?? 1) > 0.5) return colour;
  }
  return 'rgb(255, 255, 255)';
}

function luminance(colour) {
  const [red, green, blue] = channels(colour)
    .slice(0, 3)
    .map((value) => value / 255)
    .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(colour) {
  return (colour.match(/[\d.]+/g) ?? []).map(Number);
}
