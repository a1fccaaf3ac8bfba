import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isMediaError } from '../../../src/media';
import { openSilero, SILERO_INSTALL } from '../../../src/media/voice';

describe('voice by Silero, not installed', () => {
  it('says what is missing and how to get it', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'silero-'));
    await assert.rejects(openSilero({ folders: [folder] }), (error: Error) => {
      assert.ok(isMediaError(error) && error.code === 'NO_SILERO', String(error));
      assert.ok(error.message.includes(SILERO_INSTALL) && error.message.includes('energy'), error.message);
      return true;
    });
    await rm(folder, { recursive: true });
  });
});
