import MarkdownIt from 'markdown-it';

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });

/**
 * Turns a node's `help.md` into what the editor's Help sidebar shows, by Node-RED's conventions: `#### name *type*`
 * headings become a `<dl class="message-properties">`, a numbered list right under "Outputs" the list of ports.
 *
 * @param type the node type the text belongs to
 */
export function helpHtml(type: string, source: string): string {
  const html: string[] = [];
  let inList = false;
  for (const block of blocks(source)) {
    const property = /^#### (.*)$/m.exec(block);
    if (property) {
      if (!inList) html.push('<dl class="message-properties">');
      inList = true;
      html.push(`<dt>${propertyName(property[1]!)}</dt>`);
      html.push(`<dd>${markdown.render(block.replace(/^#### .*\n?/m, '')).trim()}</dd>`);
      continue;
    }
    if (inList) html.push('</dl>');
    inList = false;
    html.push(markdown.render(block).replace(/<ol>/g, '<ol class="node-ports">').trim());
  }
  if (inList) html.push('</dl>');
  return `<script type="text/html" data-help-name="${type}">\n${html.join('\n')}\n</script>\n`;
}

/** The same text as a page of the documentation. */
export function helpPage(type: string, source: string): string {
  return `<!-- Made from nodes/${type.replace('gemini-live-', '')}/locales/en-US/help.md by the build: edit that file. -->\n\n# ${type}\n\n${source.trim()}\n`;
}

/** Cuts before every heading, so that a property heading owns the text up to the next one. */
function blocks(source: string): string[] {
  return source.split(/^(?=#{3,4} )/m).filter((block) => block.trim() !== '');
}

/** `payload *string | Buffer*` → the name and Node-RED's grey type beside it. */
function propertyName(heading: string): string {
  return markdown
    .renderInline(heading)
    .replace(/<em>(.*?)<\/em>/, '<span class="property-type">$1</span>')
    .replace(/<\/?code>/g, '');
}
