import assert from 'node:assert/strict';
import { phraseIn } from '../../src/live/sleep/phrase';
import { Ring } from '../../src/live/sleep/ring';
import { Random } from '../support/random';

describe('live: the phrase in a transcript', () => {
  const found: Array<[phrase: string, text: string]> = [
    ['Hey house', 'hey house'],
    ['hey house', ' Hey, HOUSE! Turn on the light.'],
    ['Hey house', 'well, hey house'],
    ['Hey house', 'Hey-house, good morning'],
    ['Hey house', 'heyhouse'],
    ['Heyhouse', 'hey house'],
    ['Hey house', 'Hay hause'],
    ['Hey Jarvis', 'Hey Jarvys, are you there?'],
    ['Computer', 'Computers, lights on'],
    ['Okay Nabu', 'Okey Nabu'],
    ['Kuchyně, prosím', 'kuchyne prosim'],
    ['Straße', 'die strasse'],
    ['Élise', 'elise'],
    ['你好小爱', '你好小爱,开灯'],
    ['Anna', 'Anna?'],
    ['tea 4 two', 'Tea 4 two'],
  ];
  for (const [phrase, text] of found)
    it(`finds "${phrase}" in "${text}"`, () => assert.equal(phraseIn(text, ['zzzzz', phrase]), phrase));

  const missed: Array<[phrase: string, text: string]> = [
    ['Hey house', 'the house is on fire'],
    ['Hey house', 'say house'],
    ['Hey house', 'house, hey'],
    ['Hey house', 'hey'],
    ['Hey house', 'hey, mind the house'],
    ['Anna', 'a banana'],
    ['Luna', 'a tuna'],
    ['Computer', 'commander'],
    ['Hey house', ''],
    ['Hey house', '…'],
  ];
  for (const [phrase, text] of missed)
    it(`does not find "${phrase}" in "${text}"`, () => assert.equal(phraseIn(text, [phrase]), undefined));

  it('takes its time for nothing, however long the transcript', () => {
    const long = 'hey hous '.repeat(50_000);
    assert.equal(phraseIn(long, ['something else entirely, said by nobody']), undefined);
  });
});

describe('live: what is kept of a stream', () => {
  it('is its end, from a whole sample on, whatever pieces it comes in', () => {
    const random = new Random(11);
    for (let round = 0; round < 50; round++) {
      const ring = new Ring();
      const all: Buffer[] = [];
      for (let piece = 0; piece < 60; piece++) {
        const bytes = Buffer.from(Array.from({ length: random.below(50) }, () => random.below(256)));
        all.push(bytes);
        ring.push(bytes);
        const keep = random.below(120);
        ring.keep(keep);
        const [stream, kept] = [Buffer.concat(all), Buffer.concat(ring.all)];
        assert.equal(kept.length, ring.length);
        assert.ok(kept.length <= keep + 1);
        assert.equal((stream.length - kept.length) % 2, 0);
        assert.deepEqual(kept, stream.subarray(stream.length - kept.length));
      }
      ring.clear();
      assert.deepEqual([ring.length, ring.all], [0, []]);
    }
  });
});
