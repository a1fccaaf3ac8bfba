import assert from 'node:assert/strict';
import {
  createMedia,
  EchoGuard,
  PCM_16K,
  PCM_24K,
  type EchoOptions,
  type MediaHandle,
} from '../../src/media';
import { frame, settle } from './support';

const MS = 48; // bytes of an answer

/** A guard with a clock of its own, an answer that is whole from the beginning, and microphones. */
function scene(options: Partial<EchoOptions> = {}, answerMs = 1000) {
  let time = 5000;
  const guard = new EchoGuard({ mode: 'auto', now: () => time, ...options });
  const answer = (ms = answerMs): ReturnType<typeof createMedia> => {
    const writer = createMedia({ format: PCM_24K, policy: 'retain' });
    writer.write(Buffer.alloc(ms * MS, 1));
    guard.watch(writer.handle);
    return writer;
  };
  const microphone = (meta: Record<string, unknown> = {}): MediaHandle =>
    createMedia({ format: PCM_16K, policy: 'drop-oldest', meta }).handle;
  return {
    ...{ guard, answer, microphone },
    pass: (ms: number) => (time += ms),
    /** Whether sound of this microphone gets through. */
    open: (mic: MediaHandle): boolean => {
      const chunk = frame(7);
      const sent = guard.filter(chunk, mic);
      assert.equal(sent.length, chunk.length);
      if (sent !== chunk) assert.ok(sent.equals(Buffer.alloc(chunk.length)), 'silence in its place');
      return sent === chunk;
    },
  };
}

describe('media: EchoGuard, when the microphone is closed', () => {
  it('from the first sound of an answer until the last was heard, and a little longer', () => {
    const { guard, answer, microphone, open, pass } = scene();
    const mic = microphone();
    const { handle } = answer();
    assert.ok(open(mic), 'nothing plays yet');
    handle.reportPlayed(20, { sink: 'speaker' });
    assert.ok(!open(mic) && guard.closed);
    pass(980 + 290);
    assert.ok(!open(mic), 'a sink that reports seldom plays on');
    pass(20);
    assert.ok(open(mic) && !guard.closed);
  });

  it('also of what is written while it plays', () => {
    const { answer, microphone, open, pass } = scene({}, 100);
    const mic = microphone();
    const writer = answer();
    writer.handle.reportPlayed(100, { sink: 'speaker' });
    pass(250);
    writer.write(Buffer.alloc(1000 * MS));
    pass(250);
    assert.ok(!open(mic));
  });

  it('opens when there is nothing to play, and closes when the answer goes on', () => {
    const { answer, microphone, open, pass } = scene({}, 500);
    const mic = microphone();
    const writer = answer();
    writer.handle.reportPlayed(500, { sink: 'speaker' });
    pass(301);
    assert.ok(open(mic), 'a function runs, say');
    writer.write(Buffer.alloc(500 * MS));
    writer.handle.reportPlayed(520, { sink: 'speaker' });
    assert.ok(!open(mic));
  });

  it('opens soon after an answer was aborted, and late reports do not change that', () => {
    const { answer, microphone, open, pass } = scene({}, 60_000);
    const mic = microphone();
    const writer = answer();
    writer.handle.reportPlayed(400, { sink: 'speaker' });
    writer.abort('INTERRUPTED');
    pass(200);
    writer.handle.reportPlayed(420, { sink: 'speaker', over: true });
    assert.ok(!open(mic), 'the room still holds some');
    pass(101);
    assert.ok(open(mic));
    writer.handle.reportPlayed(440, { sink: 'remote' });
    pass(301);
    assert.ok(open(mic));
  });

  it('stays closed for a second loudspeaker, when the first one gives up', () => {
    const { answer, microphone, open, pass } = scene();
    const mic = microphone();
    const { handle } = answer();
    handle.reportPlayed(100, { sink: 'kitchen' });
    handle.reportPlayed(50, { sink: 'bath' });
    handle.reportPlayed(100, { sink: 'kitchen', over: true });
    pass(301);
    assert.ok(!open(mic));
    handle.reportPlayed(60, { sink: 'bath', over: true });
    pass(301);
    assert.ok(open(mic));
  });

  it('not by files and clocks: what nobody hears makes no echo', () => {
    const { answer, microphone, open } = scene();
    answer().handle.reportPlayed(100, { estimated: true });
    assert.ok(open(microphone()));
  });

  it('takes the tail that it is given', () => {
    const { answer, microphone, open, pass } = scene({ tailMs: 1000 }, 100);
    answer().handle.reportPlayed(100, { sink: 'speaker' });
    pass(900);
    assert.ok(!open(microphone()));
    pass(101);
    assert.ok(open(microphone()));
  });

  it('keeps nothing of answers that are over', () => {
    const { answer, microphone, open, pass } = scene();
    for (let i = 0; i < 1000; i += 1) {
      const { handle } = answer();
      handle.reportPlayed(1000, { sink: 'speaker' });
      pass(400);
    }
    assert.ok(open(microphone()));
  });
});

describe('media: EchoGuard, whom the microphone can hear', () => {
  const playing = (
    options: Partial<EchoOptions>,
    ...reports: Parameters<MediaHandle['reportPlayed']>[1][]
  ) => {
    const all = scene(options);
    const { handle } = all.answer();
    for (const report of reports) handle.reportPlayed(20, report);
    return all;
  };
  const CANCELLED = { sink: 'speaker', room: 'cancelled', canceller: 'module 4' } as const;

  it('nobody in a browser', () => {
    const { open, microphone } = playing({}, { sink: 'browser', room: 'away' });
    assert.ok(open(microphone()));
  });

  it('a loudspeaker beside the browser, whoever decides about the position', () => {
    const { open, microphone } = playing(
      {},
      { sink: 'browser', room: 'away', master: true },
      { sink: 'speaker' },
    );
    assert.ok(!open(microphone()));
  });

  it('not the loudspeaker of its own echo canceller, but that of another one, or none', () => {
    const { open, microphone } = playing({}, CANCELLED);
    assert.ok(open(microphone({ echoCancelled: true, canceller: 'module 4' })));
    assert.ok(!open(microphone({ echoCancelled: true, canceller: 'module 5' })));
    assert.ok(!open(microphone({ echoCancelled: true })), 'a browser cancels its own echo only');
    assert.ok(!open(microphone()));
    const plain = playing({}, { sink: 'speaker' });
    assert.ok(!plain.open(plain.microphone({ echoCancelled: true, canceller: 'module 4' })));
  });

  it('notices when a canceller comes while it plays', () => {
    const { open, microphone, answer } = scene();
    const mic = microphone({ echoCancelled: true, canceller: 'module 4' });
    const { handle } = answer();
    handle.reportPlayed(20, { sink: 'speaker', room: 'plain' });
    assert.ok(!open(mic));
    handle.reportPlayed(40, CANCELLED);
    assert.ok(open(mic));
  });

  it('"gate" closes it wherever the answer plays, "off" never', () => {
    const gate = playing({ mode: 'gate' }, { sink: 'browser', room: 'away' });
    assert.ok(!gate.open(gate.microphone()));
    const off = playing({ mode: 'off' }, { sink: 'speaker' });
    assert.ok(off.open(off.microphone()));
    assert.equal(off.guard.closed, false);
  });

  it('leaves no reader on an answer, except to know its level', async () => {
    for (const [mode, readers] of [
      ['auto', 0],
      ['barge-in', 1],
    ] as const) {
      const { answer } = scene({ mode });
      const writer = answer();
      assert.equal(writer.handle.stats.readers, 0);
      writer.handle.reportPlayed(20, { sink: 'speaker' });
      assert.equal(writer.handle.stats.readers, readers);
      writer.end();
      await settle();
      await settle();
      assert.equal(writer.handle.stats.readers, 0);
    }
  });
});
