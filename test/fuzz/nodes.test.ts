import { guarded } from './guard';
import { fuzzNodes } from './nodes-fuzz';

const SEED = 4711;

describe('fuzz: random messages to real nodes', function () {
  this.timeout(120_000);
  it(`survive 400 inputs, each done with once (seed ${SEED})`, () =>
    guarded(() => fuzzNodes({ seed: SEED, inputs: 400, batch: 100 })));
});
