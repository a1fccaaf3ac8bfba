import { guarded } from './guard';
import { fuzzNodes } from './nodes-fuzz';

const SEED = 815;

describe('fuzz: 10,000 random messages to real nodes', function () {
  this.timeout(300_000);
  it(`survive 10,000 inputs, each done with once (seed ${SEED})`, () =>
    guarded(() => fuzzNodes({ seed: SEED, inputs: 10_000, batch: 500 })));
});
