import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { generate } from '../../scripts/generate-wire';

describe('protocol: wire.ts', () => {
  it('is what scripts/generate-wire.ts makes of the schema', async () => {
    const file = readFileSync(path.resolve(__dirname, '../../src/protocol/wire.ts'), 'utf8');
    assert.equal(file, await generate(), 'run: npx tsx scripts/generate-wire.ts');
  });
});
