/**
 * Measures the shipped ears with voices that are not among their templates, and writes the tables into
 * docs/hearing.md. Needs flite, espeak-ng and festival with the voices of `voices.ts`.
 *
 *     npx tsx scripts/assets/measure-hearing.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CONDITIONS, HearingTrial, type Count } from './hearing-trial';
import { hasVoice, packageOf } from './synth';
import { TEST_VOICES, UNRELATED_SENTENCES } from './voices';

const DOCUMENT = path.join(__dirname, '../../docs/hearing.md');
const [BEGIN, END] = ['<!-- measured: begin -->', '<!-- measured: end -->'];

function sum(counts: readonly Count[]): Count {
  const all: Count = { right: 0, wrong: 0, rejected: 0, misses: [] };
  for (const { right, wrong, rejected } of counts) {
    all.right += right;
    all.wrong += wrong;
    all.rejected += rejected;
  }
  return all;
}

const show = ({ right, wrong, rejected }: Count): string => `${right} / ${wrong} / ${rejected}`;

function percent(count: Count): string {
  const total = count.right + count.wrong + count.rejected;
  const share = (part: number): string => `${((100 * part) / total).toFixed(1)} %`;
  return `${share(count.right)} / ${share(count.wrong)} / ${share(count.rejected)}`;
}

/** How "yes" and "no" are heard while a question is open, and what else is taken for them. */
async function measureAnswers(): Promise<string[]> {
  const trial = await HearingTrial.create(true);
  const others = [...trial.wordings, ...UNRELATED_SENTENCES];
  const cells: string[] = [];
  const taken: string[] = [];
  for (const condition of CONDITIONS) {
    const heard: Count[] = [];
    const mistaken: Count[] = [];
    for (const voice of TEST_VOICES) {
      heard.push(await trial.count(voice, condition, trial.answers));
      mistaken.push(await trial.countTakenForAnswers(voice, condition, others));
    }
    console.error(heard.flatMap(({ misses }) => misses).join('\n'));
    cells.push(show(sum(heard)));
    taken.push(String(sum(mistaken).wrong));
  }
  return [
    `While a question is open, ${trial.answers.map((text) => `"${text}"`).join(', ')} in each voice, right / wrong / rejected;`,
    `and how often one of the ${others.length} other sentences in each voice was taken for one of them:`,
    '',
    `| | ${CONDITIONS.join(' | ')} |\n|---|${CONDITIONS.map(() => '---').join('|')}|`,
    `| yes or no | ${cells.join(' | ')} |`,
    `| others taken for it | ${taken.join(' | ')} |`,
  ];
}

async function main(): Promise<void> {
  const missing = TEST_VOICES.filter((voice) => !hasVoice(voice));
  if (missing.length) {
    throw new Error(
      `Missing voices; install the Debian packages ${[...new Set(missing.map(packageOf))].join(', ')}`,
    );
  }
  const trial = await HearingTrial.create();
  const columns = CONDITIONS.map(() => ({ known: [] as Count[], unrelated: [] as Count[] }));
  const knownRows: string[] = [];
  const unrelatedRows: string[] = [];
  const misses: string[] = [];
  for (const voice of TEST_VOICES) {
    for (const [index, condition] of CONDITIONS.entries()) {
      const known = await trial.count(voice, condition, trial.wordings);
      const unrelated = await trial.countUnrelated(voice, condition, UNRELATED_SENTENCES);
      columns[index]!.known.push(known);
      columns[index]!.unrelated.push(unrelated);
      misses.push(...known.misses, ...unrelated.misses.filter((miss) => !miss.includes('" rejected:')));
    }
    knownRows.push(`| ${[voice, ...columns.map((column) => show(column.known.at(-1)!))].join(' | ')} |`);
    unrelatedRows.push(
      `| ${[voice, ...columns.map((column) => column.unrelated.at(-1)!.wrong)].join(' | ')} |`,
    );
  }
  const head = `| voice | ${CONDITIONS.join(' | ')} |\n|---|${CONDITIONS.map(() => '---').join('|')}|`;
  const asked = await measureAnswers();
  const table = [
    `${trial.wordings.length} wordings in each of ${TEST_VOICES.length} voices, right / wrong / rejected:`,
    '',
    head,
    ...knownRows,
    `| **all** | ${columns.map((column) => percent(sum(column.known))).join(' | ')} |`,
    '',
    `${UNRELATED_SENTENCES.length} unrelated sentences in each voice, accepted although unknown:`,
    '',
    head,
    ...unrelatedRows,
    '',
    ...asked,
  ].join('\n');
  console.log(table);
  console.error(misses.join('\n'));
  const document = readFileSync(DOCUMENT, 'utf8');
  const [before, rest] = document.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${DOCUMENT} has no lines ${BEGIN} and ${END}`);
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
}

void main();
