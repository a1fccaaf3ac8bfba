import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The version of this package, from the nearest package.json above this file. */
export function version(): string {
  for (let folder = __dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string })
        .version;
    } catch {
      // Not in this folder.
    }
  }
  return 'unknown';
}
