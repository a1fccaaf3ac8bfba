import assert from 'node:assert/strict';
import type { Comms } from '../support/comms';
import { type FlowNode, NodeRed } from '../support/node-red';
import { packedPackage } from '../support/package';
import {
  descendants,
  hasProc,
  type RunningProcess,
  socketsOf,
  stillRunning,
  until,
} from '../support/processes';
import { describePulse, PulseServer } from '../support/pulse';
import { conversation, ID } from './flows';

/** Ends of a node's life in the middle of speech: no process and no socket of the old life may be left. */
describePulse('in the middle of speech', function () {
  this.timeout(120_000);
  let pulse: PulseServer;
  let nodeRed: NodeRed | undefined;
  let comms: Comms;

  before(async function () {
    if (!hasProc) this.skip();
    await packedPackage();
    pulse = await PulseServer.start();
  });
  after(async () => {
    await nodeRed?.stop();
    await pulse?.stop();
  });

  beforeEach(async () => {
    if (nodeRed?.alive) {
      await nodeRed.deploy([]);
    } else {
      await nodeRed?.stop(); // removes what a dead one left
      nodeRed = await NodeRed.start();
      comms = await nodeRed.events();
    }
    comms.clear();
    await until('nothing runs yet', ours, ({ listening, connected }) => listening + connected === 0);
  });

  /** Microphone open, connected, story being told. */
  async function speak(): Promise<RunningProcess[]> {
    await nodeRed!.deploy(conversation());
    await nodeRed!.inject(ID.ask);
    await until(
      'the speaker plays',
      () => pulse.streams('sink-inputs'),
      (count) => count === 1,
    );
    await until(
      'the microphone is open',
      () => pulse.streams('source-outputs'),
      (count) => count === 1,
    );
    await until('connected', ours, ({ connected }) => connected === 2); // both ends are in this process
    const running = descendants(nodeRed!.pid);
    assert.ok(named(running, /\bffmpeg\b|\bparec\b/).length > 0, 'a microphone program');
    assert.ok(named(running, /\bpacat\b|\baplay\b/).length > 0, 'a speaker program');
    return running;
  }

  const named = (running: RunningProcess[], pattern: RegExp) =>
    running.filter(({ command }) => pattern.test(command));

  /** Sockets but for those of the editor. */
  function ours(): { listening: number; connected: number } {
    const admin = Number(new URL(nodeRed!.url).port);
    const { listening, connected } = socketsOf(nodeRed!.pid);
    return {
      listening: listening.filter((port) => port !== admin).length,
      connected: connected.filter(({ port, peer }) => port !== admin && peer !== admin).length,
    };
  }

  const gone = (running: RunningProcess[]) =>
    until(
      'the old processes are gone',
      () => stillRunning(running),
      (left) => left.length === 0,
    );

  async function silentAndGone(running: RunningProcess[]): Promise<void> {
    await gone(running);
    await until(
      'no process',
      () => descendants(nodeRed!.pid),
      (left) => left.length === 0,
    );
    await until('no socket', ours, ({ listening, connected }) => listening + connected === 0);
    assert.deepEqual(await streams(), { playing: 0, recording: 0 });
  }

  const streams = async () => ({
    playing: await pulse.streams('sink-inputs'),
    recording: await pulse.streams('source-outputs'),
  });

  const changed = (id: string): FlowNode[] =>
    conversation().map((node) => (node.id === id ? { ...node, name: 'changed' } : node));

  it('the deploy of another node leaves everything as it is', async () => {
    const running = await speak();
    const before = ours();
    await nodeRed!.deploy(changed(ID.text), 'nodes');
    assert.deepEqual(stillRunning(running).length, running.length);
    assert.deepEqual(ours(), before);
  });

  it('the deploy of the speaker ends its sound alone', async () => {
    const running = await speak();
    await nodeRed!.deploy(changed(ID.speaker), 'nodes');
    await gone(named(running, /pacat|aplay/));
    assert.equal(stillRunning(named(running, /ffmpeg|parec/)).length, 1);
    assert.equal(ours().connected, 2);
  });

  for (const type of ['nodes', 'flows', 'full'] as const) {
    it(`a deploy of kind "${type}" leaves one microphone, and nothing of before`, async () => {
      const running = await speak();
      const next = conversation().map((node) =>
        [ID.microphone, ID.session, ID.speaker].includes(node.id as never)
          ? { ...node, name: 'changed' }
          : node,
      );
      await nodeRed!.deploy(next, type);
      await gone(running);
      await until('the microphone is open again', streams, (now) => now.recording === 1 && now.playing === 0);
      const now = descendants(nodeRed!.pid);
      assert.equal(now.length, 1, JSON.stringify(now));
      await until('one conversation at most', ours, ({ connected }) => connected <= 2);
    });
  }

  it('the deletion of the nodes leaves nothing', async () => {
    const running = await speak();
    const nodes = conversation().filter(({ type }) => !type.startsWith('gemini-live-'));
    await nodeRed!.deploy(nodes, 'nodes');
    await silentAndGone(running);
  });

  it('the deletion of the whole flow leaves nothing', async () => {
    const running = await speak();
    await nodeRed!.deploy([], 'full');
    await silentAndGone(running);
  });

  it('a disabled flow leaves nothing', async () => {
    const running = await speak();
    const nodes = conversation().map((node) => (node.id === ID.tab ? { ...node, disabled: true } : node));
    await nodeRed!.deploy(nodes, 'full');
    await silentAndGone(running);
  });

  it('the stop of Node-RED leaves nothing', async () => {
    const running = await speak();
    await nodeRed!.stop();
    await gone(running);
    assert.deepEqual(await streams(), { playing: 0, recording: 0 });
  });

  it('the sudden death of Node-RED leaves nothing', async () => {
    const running = await speak();
    process.kill(nodeRed!.pid, 'SIGKILL');
    await gone(running);
    assert.deepEqual(await streams(), { playing: 0, recording: 0 });
  });

  it('no error is raised by any of it', async () => {
    const running = await speak();
    await nodeRed!.deploy(changed(ID.session), 'full');
    await gone(running);
    assert.deepEqual(
      comms.debugs.filter(({ id }) => id === ID.errors),
      [],
    );
    assert.deepEqual(
      nodeRed!.log.filter((line) => /\[error\]/.test(line)),
      [],
    );
  });
});
