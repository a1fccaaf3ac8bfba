import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** One file of the talk page, ready to be sent. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  /** Changes with the content. */
  readonly etag: string;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

/**
 * The files of the page, from one flat folder. They are read once, and only those that are there then can be asked for: no
 * name from outside ever becomes a path.
 */
export class PageFiles {
  #files: Map<string, PageFile> | undefined;

  constructor(private readonly folder: string) {}

  /** A file by its name; undefined when there is none. */
  get(name: string): PageFile | undefined {
    this.#files ??= this.#read();
    return this.#files.get(name);
  }

  /** The manifest of one page: what the folder's own says, with this page's name and address. */
  manifest(page: string): PageFile {
    const common = JSON.parse(this.get('manifest.webmanifest')?.body.toString('utf8') ?? '{}') as object;
    const start_url = `../${encodeURIComponent(page)}`;
    const own = { name: page, short_name: page, id: start_url, start_url, scope: '../' };
    const body = Buffer.from(JSON.stringify({ display: 'standalone', ...common, ...own }));
    return fileOf('.webmanifest', body);
  }

  #read(): Map<string, PageFile> {
    const files = new Map<string, PageFile>();
    try {
      for (const entry of readdirSync(this.folder, { withFileTypes: true })) {
        const extension = extname(entry.name);
        if (!entry.isFile() || !(extension in TYPES)) continue;
        files.set(entry.name, fileOf(extension, readFileSync(join(this.folder, entry.name))));
      }
    } catch {
      // A folder that cannot be read has no files: whoever asks for the page is told that it is not there.
    }
    return files;
  }
}

function fileOf(extension: string, body: Buffer): PageFile {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { type: TYPES[extension]!, body, etag };
}
