import assert from 'node:assert/strict';
import { FAULT_NAMES, parseFault, ServerError } from '../../src/server';

describe('local Live server: faults in writing', () => {
  for (const [text, fault] of [
    ['fragmented', { fragmented: true }],
    ['fragmented=false', { fragmented: false }],
    ['badFrame=3', { badFrame: 3 }],
    ['emptyTurn', { emptyTurn: true }],
    ['emptyTurn=2', { emptyTurn: 2 }],
    ['poisonedHandles=silent', { poisonedHandles: 'silent' }],
    ['poisonedHandles={"code":1008,"reason":"no"}', { poisonedHandles: { code: 1008, reason: 'no' } }],
    ['goAway={"afterTurns":2}', { goAway: { afterTurns: 2 } }],
    ['httpStatus={"status":429}', { httpStatus: { status: 429 } }],
  ] as const) {
    it(`reads ${text}`, () => assert.deepEqual(parseFault(text), fault));
  }

  for (const [text, message] of [
    ['fragmentet', /^"fragmentet" is no fault\. There are: neverUpgrade, /],
    ['', /^"" is no fault/],
    ['constructor', /^"constructor" is no fault/],
    ['badFrame', /badFrame takes a number from 0 up, not nothing/],
    ['badFrame=-1', /not -1/],
    ['emptyTurn=0.5', /the number of a turn, not 0\.5/],
    ['goAway=soon', /goAway takes a JSON object, not soon/],
    ['close={"code":1011}', /close needs a number "afterFrames"/],
  ] as const) {
    it(`refuses ${text || 'nothing'}`, () => {
      assert.throws(
        () => parseFault(text),
        (error) => {
          assert.ok(error instanceof ServerError);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  it('knows about thirty of them', () => assert.ok(FAULT_NAMES.length >= 30));
});
