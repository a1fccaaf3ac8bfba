import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  checkFormat,
  formatMime,
  isJpeg,
  isMediaError,
  isPcm,
  looksLikeJpeg,
  MediaError,
  parseMime,
  PCM_16K,
  PCM_24K,
  pcmDurationMs,
  redact,
} from '../../src/media';

describe('media: format', () => {
  it('reads MIME types as they stand in Live API messages', () => {
    assert.deepEqual(parseMime('audio/pcm;rate=24000'), { mime: 'audio/pcm', rate: 24000 });
    assert.deepEqual(parseMime('Audio/PCM; Rate="16000"; channels=2; codec=x'), {
      mime: 'audio/pcm',
      rate: 16000,
      channels: 2,
    });
    assert.deepEqual(parseMime('image/jpeg'), { mime: 'image/jpeg' });
  });

  it('refuses what is no MIME type', () => {
    for (const text of ['', 'pcm', 'audio/', 'audio/pcm;rate=fast', 'audio/pcm;rate=', 'audio/pcm;rate=-1']) {
      assert.throws(() => parseMime(text), { code: 'UNSUPPORTED_FORMAT' }, text);
    }
  });

  it('writes what it reads', () => {
    assert.equal(formatMime(PCM_16K), 'audio/pcm;rate=16000');
    assert.equal(
      formatMime({ mime: 'audio/pcm', rate: 48000, channels: 2 }),
      'audio/pcm;rate=48000;channels=2',
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 2, max: 8 }), (rate, channels) => {
        const format = { mime: 'audio/pcm', rate, channels };
        assert.deepEqual(parseMime(formatMime(format)), format);
      }),
    );
  });

  it('completes what is clear and refuses what is not', () => {
    assert.deepEqual(checkFormat({ mime: 'audio/pcm;rate=8000' }), {
      mime: 'audio/pcm',
      rate: 8000,
      channels: 1,
    });
    assert.deepEqual(checkFormat({ mime: 'audio/mpeg' }), { mime: 'audio/mpeg' });
    for (const bad of [null, {}, { mime: 1 }, { mime: 'audio/pcm' }, { ...PCM_16K, channels: 1.5 }]) {
      assert.throws(() => checkFormat(bad as never), { code: 'UNSUPPORTED_FORMAT' });
    }
  });

  it('knows PCM, JPEG and durations', () => {
    assert.equal(isPcm(PCM_24K), true);
    assert.equal(isPcm({ mime: 'audio/mpeg' }), false);
    assert.equal(isJpeg({ mime: 'image/jpeg' }), true);
    assert.equal(looksLikeJpeg(Buffer.from([0xff, 0xd8, 0xff, 0xe0])), true);
    assert.equal(looksLikeJpeg(Buffer.from([0xff, 0xd8])), false);
    assert.equal(pcmDurationMs(PCM_16K, 640), 20);
    assert.equal(pcmDurationMs({ mime: 'audio/mpeg' }, 640), 0);
  });
});

describe('media: errors', () => {
  it('have a code, a cause, and are known across copies', () => {
    const cause = new Error('why');
    const error = new MediaError('BAD_INPUT', 'what', { cause });
    assert.equal(error.code, 'BAD_INPUT');
    assert.equal(error.cause, cause);
    assert.equal(isMediaError(error), true);
    assert.equal(isMediaError(cause), false);
  });

  it('show no credentials', () => {
    const cases: Record<string, string> = {
      'rtsp://admin:geh@im@cam/1 failed': 'rtsp://***@cam/1 failed',
      'https://h/a?access_token=abc&x=1': 'https://h/a?access_token=***&x=1',
      'http://h/?APIKEY=abc': 'http://h/?APIKEY=***',
      'http://h/a@b': 'http://h/a@b',
      'http://me@h/a@b': 'http://***@h/a@b',
      'http://user:pa/ss?w#rd@proxy:3128 refused': 'http://***@proxy:3128 refused',
      '{"url":"http://h:80/x","mail":"a@b"}': '{"url":"http://h:80/x","mail":"a@b"}',
    };
    for (const [text, clean] of Object.entries(cases)) assert.equal(redact(text), clean);
  });

  it('take no longer than the text is long: whoever sends it must not stop the process', () => {
    // Each of them kept a pattern that looks twice busy for minutes.
    for (const piece of ['x', 'a://', 'a://x@', '?key', '?', '&a', 'http://a/'])
      assert.ok(redact(piece.repeat(300_000)).length > 0);
  });
});
