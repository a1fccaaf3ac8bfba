import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { LiveSession } from '../../src/live';
import { at, fieldPaths, messageWith, probeOf, referenced, type FieldPath } from '../protocol/field-paths';
import type { ScriptedConnection } from '../support/scripted-server';
import { Bench, next, of, sound, type Log } from './support';

const PART = 'serverContent.modelTurn.parts[]';
const CALLS = [`${PART}.functionCall`, 'toolCall.functionCalls[]'];
const CALL = /^(serverContent\.modelTurn\.parts\[\]\.functionCall|toolCall\.functionCalls\[\])/;

/** Frames that must come before, where a field means something only in its place. */
const BEFORE: Readonly<Record<string, object[]>> = {
  'serverContent.interrupted': [{ serverContent: sound(100) }],
  'serverContent.generationComplete': [{ serverContent: { modelTurn: { parts: [{ text: 'Yes.' }] } } }],
};

/** What stands beside a field, where it says something about another one. */
function companions({ path }: FieldPath, n: number): Array<[path: string, value: unknown]> {
  const call = CALL.exec(path)?.[1];
  if (call) {
    const piece = path.includes('partialArgs[]') && path.replace(/\w+$/, '');
    return [
      [`${call}.name`, `f${n}`],
      [`${call}.id`, `call-${n}`],
      ...(piece ? ([[`${piece}jsonPath`, '$.probe']] as Array<[string, unknown]>) : []),
      ...(piece && /jsonPath|willContinue/.test(path)
        ? ([[`${piece}stringValue`, 'a text']] as Array<[string, unknown]>)
        : []),
    ];
  }
  if (path === `${PART}.thought`) return [[`${PART}.text`, 'Hm.']];
  if (path === 'serverContent.turnCompleteReason') return [['serverContent.turnComplete', true]];
  if (/Transcription\.finished$/.test(path)) return [[path.replace('finished', 'text'), 'Hello.']];
  return [];
}

/** Values with a form. */
const VALUES: Readonly<Record<string, string>> = {
  'goAway.timeLeft': '77.5s',
  'voiceActivity.audioOffset': '7.25s',
  'sessionResumptionUpdate.newHandle': 'secret-handle',
  ...Object.fromEntries(CALLS.map((call) => [`${call}.partialArgs[].jsonPath`, '$.probe'])),
};

/** Where an event says it in other words. */
const WORDS: Readonly<Record<string, (events: Log) => boolean>> = {
  'goAway.timeLeft': has('go-away', ({ timeLeftMs }) => timeLeftMs === 77_500),
  'voiceActivity.audioOffset': has('activity', ({ audioOffsetMs }) => audioOffsetMs === 7250),
  'voiceActivity.voiceActivityType': has('activity', ({ type }) => type === 'end'),
  'voiceActivityDetectionSignal.vadSignalType': has('activity', ({ type }) => type === 'end'),
  // A handle opens the conversation to whoever has it: its fingerprint is shown.
  'sessionResumptionUpdate.newHandle': has(
    'resumption',
    ({ handle }) => handle === createHash('sha256').update('secret-handle').digest('hex').slice(0, 12),
  ),
  'serverContent.turnComplete': has('turn', () => true),
  'serverContent.interrupted': has('interrupted', ({ local }) => local === false),
  'serverContent.generationComplete': has('turn', ({ times }) =>
    Number.isFinite((times as { generationComplete?: number }).generationComplete),
  ),
  'serverContent.waitingForInput': has('activity', ({ type }) => type === 'waiting-for-input'),
  // A call whose arguments go on is told when they have ended: see tool-pieces.test.ts.
  ...Object.fromEntries(
    CALLS.flatMap((call) => [
      [`${call}.willContinue`, (events: Log) => !events.some(({ event }) => event === 'tool-call')],
      [`${call}.partialArgs[].nullValue`, has('tool-call', ({ args }) => probeIn(args) === null)],
      [`${call}.partialArgs[].boolValue`, has('tool-call', ({ args }) => probeIn(args) === true)],
      [`${call}.partialArgs[].jsonPath`, has('tool-call', ({ args }) => probeIn(args) === 'a text')],
      [`${call}.partialArgs[].willContinue`, has('tool-call', () => true)],
    ]),
  ),
  [`${PART}.thought`]: has('text', ({ role, text }) => role === 'thought' && text === 'Hm.'),
};

function probeIn(args: unknown): unknown {
  return (args as { probe?: unknown }).probe;
}

function has(name: string, fits: (event: Record<string, unknown>) => boolean): (events: Log) => boolean {
  return (events) => events.some((event) => event.event === name && fits(event));
}

describe('live: every field of the server’s schema is surfaced', () => {
  const bench = new Bench();
  const fields = fieldPaths('server').filter(({ def }) => !referenced(def.type));
  let session: LiveSession;
  let peer: ScriptedConnection;
  let log: Log;

  before(async () => {
    const options = { recovery: false, watchdogs: false } as const;
    ({ session, peer, log } = await bench.connected(options));
  });
  after(() => bench.cleanUp());

  /** Everything that the frames make happen, and the end of the turn that they may have begun. */
  async function eventsOf(frames: object[], n: number): Promise<Log> {
    const start = log.length;
    peer.send(...frames, { serverContent: { turnComplete: true } }, { ['marker']: n });
    await next(session, 'unknown', ({ name, value }) => name === 'marker' && value === n);
    return log.slice(start).filter(({ event, name }) => !(event === 'unknown' && name === 'marker'));
  }

  it('as far as the walk goes', () => assert.ok(fields.length > 190, String(fields.length)));

  fields.forEach((field, n) => {
    it(field.path, async () => {
      const value = VALUES[field.path] ?? (field.name === 'data' ? 'cHJvYmU=' : probeOf(field.def.type, n));
      const frame = messageWith(field.path, value);
      for (const [path, companion] of companions(field, n)) {
        if (at(frame, path) === undefined) put(frame, path, companion);
      }
      const events = await eventsOf([...(BEFORE[field.path] ?? []), frame], n);
      const shown = WORDS[field.path]?.(events) ?? events.some((event) => shows(event, field, value));
      assert.ok(shown, `${JSON.stringify(frame)} is shown by none of ${JSON.stringify(events)}`);
    });
  });

  it('sound, by the handle of its turn', async () => {
    const pcm = Buffer.from([1, 0, 2, 0, 3, 0, 4, 0]);
    const inlineData = { mimeType: 'audio/pcm;rate=24000', data: pcm.toString('base64') };
    const before = of(log, 'turn').at(-1)?.turn ?? 0;
    const heard = next(session, 'audio', ({ turn }) => turn > before);
    peer.send(
      { serverContent: { modelTurn: { parts: [{ inlineData }] } } },
      { serverContent: { turnComplete: true } },
    );
    const chunks: Buffer[] = [];
    for await (const chunk of (await heard).handle) chunks.push(chunk as Buffer);
    assert.deepEqual(Buffer.concat(chunks), pcm);
  });

  it('all values of all enums', async () => {
    let n = 10_000;
    for (const field of fields) {
      const { type } = field.def;
      if (typeof type !== 'object' || !('enum' in type) || !Array.isArray(type.enum) || WORDS[field.path])
        continue;
      for (const value of type.enum) {
        const frame = messageWith(field.path, value);
        for (const [path, companion] of companions(field, n)) put(frame, path, companion);
        const events = await eventsOf([frame], n++);
        assert.ok(
          events.some((event) => shows(event, field, value)),
          `${field.path} ${value}`,
        );
      }
    }
    assert.ok(n > 10_100);
  });
});

/** Whether an event holds a probe somewhere: a flag under its name, anything else by its value. */
function shows(event: unknown, { name }: Pick<FieldPath, 'name'>, value: unknown): boolean {
  if (typeof value === 'object') return JSON.stringify(event).includes(JSON.stringify(value));
  if (event === null || typeof event !== 'object')
    return value !== true && (event === value || event === `interaction-${String(value)}`);
  return Object.entries(event).some(([key, inner]) =>
    value === true && inner === true ? key === name : shows(inner, { name }, value),
  );
}

/** Sets a field beside others. */
function put(message: Record<string, unknown>, path: string, value: unknown): void {
  const steps = path.split('.');
  const last = steps.pop()!;
  let found: Record<string, unknown> = message;
  for (const step of steps) {
    const name = step.replace('[]', '');
    const inner = (found[name] ??= step.endsWith('[]') ? [{}] : {});
    found = (step.endsWith('[]') ? (inner as unknown[])[0] : inner) as Record<string, unknown>;
  }
  found[last] = value;
}
