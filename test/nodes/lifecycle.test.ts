import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { afterDeploy, onInput } from '../../nodes/shared/lifecycle';
import type { Red, RedNode } from '../../nodes/shared/types';

/** Nothing that goes wrong at the border to Node-RED may end the process: here a rejection that nobody handles would. */
describe('border to Node-RED', () => {
  const setup = (done: (error?: Error) => void): { errors: string[]; input: (msg: object) => void } => {
    const errors: string[] = [];
    const node = Object.assign(new EventEmitter(), {
      error: (error: Error) => errors.push(error.message),
    });
    onInput(node as unknown as RedNode, ({ payload }) => {
      if (payload === 'bad') throw new Error('bad payload');
    });
    return { errors, input: (msg) => void node.emit('input', msg, () => {}, done) };
  };
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  };

  it('reports a message that cannot be copied for a Complete node', async () => {
    const { errors, input } = setup(() => {
      throw new Error('it cannot be copied');
    });
    input({ payload: 'good' });
    await settled();
    assert.deepEqual(errors, ['it cannot be copied']);
  });

  it('reports the failure of a message that cannot be looked into', async () => {
    const { errors, input } = setup(() => {
      throw new Error('it cannot be copied');
    });
    const msg = {
      payload: 'bad',
      get trap(): never {
        throw new Error('it cannot be looked into');
      },
    };
    input(msg);
    await settled();
    assert.deepEqual(errors, ['it cannot be looked into']);
  });

  it('lets every node begin after a deploy, also when one cannot', () => {
    const said: string[] = [];
    const RED = {
      events: new EventEmitter(),
      log: { error: (text: string) => said.push(text) },
    } as unknown as Red;
    afterDeploy(RED, 'declare', () => {
      throw new Error('broken');
    });
    afterDeploy(RED, 'start', () => said.push('started'));
    RED.events.emit('flows:started');
    assert.deepEqual(said, ['broken', 'started']);
  });
});
