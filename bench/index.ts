import { cpus, loadavg } from 'node:os';
import { rows as bargeIn } from './barge-in';
import { rows as conversations } from './conversations';
import { rows as live } from './live';
import { rows as media } from './media';
import type { Row } from './row';
import { rows as talk } from './talk';
import { rows as tools } from './tools';
import { rows as video } from './video';
import { rows as wires } from './wires';

/** Prints the table that `docs/testing.md` describes. One part alone: `npm run bench -- wires`. */
const PARTS: Record<string, () => Promise<Row[]>> = {
  wires,
  tools,
  'barge-in': bargeIn,
  live,
  conversations,
  media,
  video,
  talk,
};

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !(name in PARTS));
  if (unknown.length)
    throw new Error(`${unknown.join(', ')}: there are only ${Object.keys(PARTS).join(', ')}.`);
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, load ${load} at the start\n`,
  );
  print('what', 'unit', ['min', 'median', 'max'], 'how');
  for (const [part, rows] of Object.entries(PARTS)) {
    if (asked.length && !asked.includes(part)) continue;
    for (const { name, unit, min, median, max, note } of await rows())
      print(name, unit, [min, median, max].map(number), note);
  }
}

function print(name: string, unit: string, numbers: string[], note: string): void {
  console.log(
    `${name.padEnd(46)} ${unit.padEnd(12)} ${numbers.map((text) => text.padStart(8)).join(' ')}  ${note}`,
  );
}

/** Three digits that matter. */
function number(value: number): string {
  if (Number.isNaN(value)) return '–';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
