import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { Bench, next, of } from './support';

const folder = path.resolve(__dirname, '../../../shared/recordings');

interface Recording {
  interactions: Array<{ kind: string; direction: string; data: Record<string, unknown> }>;
}

describe('live: sessions recorded against the real service (workspace)', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  before(function () {
    // Third-party data that lies beside the project in the workspace where it is made.
    if (!existsSync(folder)) this.skip();
  });

  it('become turns with text and sound, and surprise nobody', async () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
    assert.ok(files.length > 0);
    for (const file of files) {
      const { interactions } = parse(readFileSync(path.join(folder, file), 'utf8')) as Recording;
      const { session, log, peer } = await bench.connected();
      const received = interactions
        .filter(({ kind, direction }) => kind === 'message' && direction === 'received')
        .map(({ data }) => data)
        .filter((data) => !('setupComplete' in data));
      const completed = received.filter(
        (data) => (data['serverContent'] as { turnComplete?: boolean })?.turnComplete,
      );
      peer.send(...received);
      await next(session, 'turn', () => of(log, 'turn').length === completed.length);

      assert.deepEqual(of(log, 'warning'), [], file);
      assert.deepEqual(of(log, 'unknown'), [], file);
      assert.equal(of(log, 'turn').length, completed.length, file);
      for (const turn of of(log, 'turn')) {
        const finals = of(log, 'text').filter(({ final, turn: number }) => final && number === turn.turn);
        const model = finals.filter(({ role }) => role === 'model').map(({ text }) => text);
        assert.equal(model.join(' '), turn.heard, file);
        assert.ok(turn.model !== '' || turn.tools.length > 0, `${file}: turn ${turn.turn} is empty`);
        assert.ok((turn.usage?.totalTokenCount ?? 0) > 0, `${file}: turn ${turn.turn} has no usage`);
        assert.ok((turn.usage?.responseTokenCount ?? 1) > 0, file);
      }
      assert.ok(of(log, 'audio').length > 0, file);
      for (const { handle } of of(log, 'audio')) assert.equal(handle.state, 'ended', file);
      await session.close();
    }
  });
});
