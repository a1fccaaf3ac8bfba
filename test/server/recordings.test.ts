import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { decode, type LiveServerMessage } from '../../src/protocol';
import { lettersOf, obeys, type Order } from '../support/grammar';
import { checkServer } from '../support/schema-check';

/** Sessions recorded against the real service: third-party data, read where it lies and never copied. */
const RECORDINGS = path.join(__dirname, '../../../shared/recordings');

const FILES: Record<string, Order> = {
  'audio-in-server-vad-turn.yaml': 'native',
  'tool-call-round.yaml': 'native',
  'text-tool-round-current-model.yaml': 'combined',
  'gateway-text-in-audio-out.yaml': 'vertex',
};

interface Recording {
  interactions: Array<{ direction: 'sent' | 'received'; data: LiveServerMessage }>;
}

describe('grammar of frame orders', () => {
  for (const [file, order] of Object.entries(FILES)) {
    it(`accepts the recording ${file} (workspace)`, function () {
      if (!existsSync(RECORDINGS)) return this.skip();
      const recording = parse(readFileSync(path.join(RECORDINGS, file), 'utf8')) as Recording;
      const received = recording.interactions
        .filter(({ direction }) => direction === 'received')
        .map(({ data }) => data);
      assert.ok(received.length > 5);
      assert.ok(obeys(order, received), lettersOf(received));
      for (const message of received) {
        assert.deepEqual(checkServer(decode(JSON.stringify(message))), []);
      }
    });
  }

  const setup = { setupComplete: {} };
  const generated = { serverContent: { generationComplete: true } };
  const interrupted = { serverContent: { interrupted: true } };
  const complete = { serverContent: { turnComplete: true }, usageMetadata: {} };
  const sound = { serverContent: { modelTurn: { parts: [{ inlineData: { data: '' } }] } } };

  it('refuses orders the service does not use', () => {
    for (const order of ['native', 'combined', 'vertex'] as const) {
      assert.ok(obeys(order, [setup, sound, generated, complete]), `${order}: a plain turn`);
      assert.ok(!obeys(order, [sound, generated, complete]), `${order}: no setupComplete`);
      assert.ok(!obeys(order, [setup, sound, complete]), `${order}: no generationComplete`);
      assert.ok(!obeys(order, [setup, sound, generated]), `${order}: no turnComplete`);
      assert.ok(!obeys(order, [setup, generated, sound, complete]), `${order}: sound after the generation`);
      assert.ok(
        !obeys(order, [setup, interrupted, generated, complete]),
        `${order}: generated, yet interrupted`,
      );
      assert.ok(!obeys(order, [setup, setup, sound, generated, complete]), `${order}: two setups`);
    }
  });

  it('refuses frames that mix what never comes mixed', () => {
    for (const message of [
      { serverContent: { turnComplete: true, generationComplete: true }, usageMetadata: {} },
      { serverContent: { turnComplete: true } },
      { serverContent: { modelTurn: { parts: [{ text: 'a' }, { text: 'b' }] } } },
      { setupComplete: {}, serverContent: {} },
      {},
    ]) {
      assert.throws(() => lettersOf([message]), /no frame of the service/);
    }
  });
});
