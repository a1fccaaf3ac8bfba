import assert from 'node:assert/strict';
import { Bench, next, of, sound } from '../live/support';
import { Random } from '../support/random';
import { ENDS } from './ends';
import { HostileFrames } from './frames';
import { guarded } from './guard';
import { fuzzSession } from './session-fuzz';

const SEED = 20_250_101;
/** Hostile calls are never answered, and would hold the sound back for ever. */
const SESSION = {
  toolGateMs: false as const,
  config: { sessionResumption: {} },
  lanes: { maxAudioMs: 100, highWaterBytes: 2048 },
  recovery: { firstDelayMs: 5, maxDelayMs: 50 },
};

describe('fuzz: hostile frames through the real socket', () => {
  const bench = new Bench();
  afterEach(() => bench.cleanUp());

  it(`survives 5000 frames and still converses (seed ${SEED})`, async () => {
    const result = await guarded(() =>
      fuzzSession({ seed: SEED, frames: 5000, batch: 250, session: SESSION, ends: ENDS }),
    );
    assert.ok(result.turns > 50 && result.warnings > 50 && result.badFrames > 500, JSON.stringify(result));
  });

  it('survives hostile frames before the setup is complete', async () => {
    const frames = new HostileFrames(new Random(SEED + 1));
    const server = await bench.server({ setup: 'manual' });
    const session = bench.session(server);
    const connecting = session.connect();
    const peer = await server.connection();
    await peer.message(0);
    for (let i = 0; i < 300; i++) peer.sendFrame(frames.next());
    peer.send({ setupComplete: {} });
    await connecting;
    assert.equal(session.usable, true);
  });

  it('gives up a connection with a frame beyond its limit, and goes on with another', async () => {
    const { session, log, peer } = await bench.connected();
    peer.sendFrame(Buffer.alloc(17 * 1024 * 1024, 0x20));
    await next(session, 'state', ({ from }) => from === 'ready' || from === 'handover');
    while (session.state !== 'ready') {
      if (session.state === 'closed' || session.state === 'failed') await session.connect();
      else await next(session, 'state');
    }
    assert.ok(of(log, 'error').length + of(log, 'warning').length > 0, 'it says why');
  });

  it('takes a frame of 8 MB', async () => {
    const { session, peer } = await bench.connected();
    peer.content({ ...sound(120_000), generationComplete: true, turnComplete: true });
    assert.equal((await next(session, 'turn')).audioMs, 120_000);
  });
});
