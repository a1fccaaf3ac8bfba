/** markdown-it ships no types; this is all that the build uses of it. */
declare module 'markdown-it' {
  export default class MarkdownIt {
    constructor(options?: { html?: boolean; linkify?: boolean; typographer?: boolean });
    render(source: string): string;
    renderInline(source: string): string;
  }
}
