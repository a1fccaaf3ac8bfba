import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { ActivityDetector, openSilero, type VoiceDetector } from '../../../src/media/voice';
import { hasVoice, synthesise } from '../../../scripts/assets/synth';
import { SILERO_FOLDER, SILERO_MISSING } from '../../../scripts/fetch-silero';
import { skipWithout } from '../../support/skip';

const folders = [SILERO_FOLDER];
const silence = (ms: number): Buffer => Buffer.alloc(ms * 32);

describe('voice by Silero', function () {
  this.timeout(60_000);
  let detector: VoiceDetector | undefined;

  before(async function () {
    skipWithout(this, !existsSync(`${SILERO_FOLDER}/node_modules/onnxruntime-node`) && SILERO_MISSING);
    detector = await openSilero({ folders });
  });
  after(() => detector?.close?.());
  beforeEach(() => detector?.reset());

  /** Stretches of speech (ms). */
  async function stretches(pcm: Buffer): Promise<{ from: number; to: number }[]> {
    const activity = new ActivityDetector(detector!);
    const found: { from: number; to: number }[] = [];
    for (let at = 0; at < pcm.length; at += 640) {
      for (const step of await activity.push(pcm.subarray(at, at + 640))) {
        if (step.type === 'start')
          found.push({ from: at / 32 - (step.chunks.length - 1) * 20, to: Infinity });
        if (step.type === 'end') found.at(-1)!.to = at / 32;
      }
    }
    return found;
  }

  it('hears a short word, from its beginning on', async function () {
    skipWithout(this, !hasVoice('espeak-ng:en-us') && 'espeak-ng is not installed');
    for (const text of ['yes', 'stop']) {
      const said = await synthesise('espeak-ng:en-us', text, 16_000);
      const word = Buffer.from(said.buffer, said.byteOffset, said.byteLength);
      const found = await stretches(Buffer.concat([silence(2000), word, silence(2000)]));
      assert.equal(found.length, 1, `"${text}" was heard ${found.length} times`);
      assert.ok(found[0]!.from <= 2000 && found[0]!.to < 4000, JSON.stringify(found));
    }
  });

  it('hears nobody in a melody, which energy takes for speech', async () => {
    const pcm = Buffer.alloc(6000 * 32);
    for (let at = 0; at < pcm.length / 2; at += 1) {
      const hz = [440, 550, 660, 495][Math.floor(at / 4000) % 4]!;
      const on = Math.floor(at / 16_000) % 2;
      pcm.writeInt16LE(Math.round(on * 2500 * Math.sin((2 * Math.PI * hz * at) / 16_000)), at * 2);
    }
    assert.deepEqual(await stretches(pcm), []);
  });

  it('refuses a file that is no network, in words', async () => {
    await assert.rejects(openSilero({ folders, model: __filename }), { code: 'SILERO_FAILED' });
  });
});
