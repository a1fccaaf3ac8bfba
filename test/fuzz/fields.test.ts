import assert from 'node:assert/strict';
import type { RedNode } from '../../nodes/shared/types';
import { optionsOf, type SessionDef } from '../../nodes/session/fields';
import { settingsOf, sourceOf, type VideoInDef } from '../../nodes/video-in/options';
import { LiveSession } from '../../src/live';
import { Random } from '../support/random';
import { ODD } from './node-inputs';

const SEED = 2718;
const ROUNDS = 2000;
const node = { id: 'fields', error: () => {} } as unknown as RedNode;

/** What a flow file may hold in the fields of a node: what the dialog writes, what is almost that, and what fits nothing. */
const GOOD: readonly unknown[] = [
  ...['', '5', '0.5', '1e3', '0', '-1', 'Infinity', '0x10', '5 s', 'on', ' ; ', 'hello; house', '${NOWHERE}'],
  ...['tcp://127.0.0.1:10400', 'tcp://user:pass@x', 'http://127.0.0.1/', '10,10,20,20', '1920x1080'],
  ...['model', 'machine', 'push-to-talk', 'speech', 'phrase', 'wyoming', 'message', 'energy', 'silero'],
  ...['auto', 'gate', 'barge-in', 'off', 'screen', 'camera', 'address', 'command', 'input', true, false, 5],
];
const SESSION = [
  ...['connect', 'turnDetection', 'neverSendSilence', 'detector', 'silenceMs', 'minSpeechMs', 'preRollMs'],
  ...['longestHold', 'echoGate', 'echo', 'sleepAfter', 'wakeOn', 'wakePhrase', 'wyoming', 'wyomingNames'],
  ...[
    'freshAfter',
    'watch',
    'watchEvery',
    'watchFrames',
    'watchPrompt',
    'watchNothing',
    'levels',
    'realtime',
  ],
  ...['partial', 'store', 'record', 'recordAudio'],
];
const VIDEO = [
  ...[
    'source',
    'output',
    'display',
    'monitor',
    'region',
    'cursor',
    'device',
    'size',
    'url',
    'command',
    'fps',
  ],
  ...['longestSide', 'quality', 'masks', 'skip', 'threshold', 'heartbeat', 'retry'],
];

/** A node's fields, some of them as they should not be. */
function fieldsFrom(random: Random, names: readonly string[]): Record<string, unknown> {
  const chosen = names.filter(() => random.chance(0.2));
  return Object.fromEntries(chosen.map((name) => [name, random.pick(random.chance(0.2) ? ODD : GOOD)]));
}

/** Either it can be done, or it is refused in words. @returns whether it could */
function tried(what: () => unknown, fields: object): boolean {
  try {
    what();
    return true;
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    const seen = `${name} ${code}: ${message}, from ${Object.keys(fields).join()}`;
    assert.match(name, /^(Node|Media|Live)Error$/, seen);
    assert.ok(['BAD_CONFIG', 'BAD_INPUT'].includes(code ?? ''), seen);
    assert.ok(message.length < 400, seen);
    return false;
  }
}

describe('fuzz: fields of flows', () => {
  it(`make a session, or are refused in words (seed ${SEED})`, () => {
    const random = new Random(SEED);
    let made = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const fields = fieldsFrom(random, SESSION);
      const good = tried(() => {
        const options = optionsOf(fields as unknown as SessionDef, node, '/nowhere');
        const { sleep, watching, levels, turnDetection } = options;
        const given = { ...(sleep && { sleep }), ...(watching && { watching }), ...(levels && { levels }) };
        const endpoint = { backend: 'custom' as const, url: 'ws://127.0.0.1:1/' };
        new LiveSession({ endpoint, ...given, ...(turnDetection && { turnDetection }) });
      }, fields);
      if (good) made++;
    }
    assert.ok(made > ROUNDS / 20 && made < ROUNDS, `${made} of ${ROUNDS}`);
  });

  it(`make a source of pictures, or are refused in words (seed ${SEED})`, () => {
    const random = new Random(SEED);
    let made = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const fields = fieldsFrom(random, VIDEO);
      const overrides = fieldsFrom(random, ['device', 'url', 'region', 'longestSide']);
      const def = fields as unknown as VideoInDef;
      const good = tried(
        () => {
          settingsOf(def, overrides);
          sourceOf(def, { user: 'me', password: 'secret' }, overrides);
        },
        { ...fields, ...overrides },
      );
      if (good) made++;
    }
    assert.ok(made > ROUNDS / 20 && made < ROUNDS, `${made} of ${ROUNDS}`);
  });
});
