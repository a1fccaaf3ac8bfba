import assert from 'node:assert/strict';
import { listAudioDevices } from '../../src/media';
import { captureMicrophone } from '../../src/media/capture';
import { parsePactl } from '../../src/media/device-lists';
import { Playout } from '../../src/media/playout';
import type { PlayedOptions } from '../../src/media/playhead';
import { turn } from '../support/media';
import { until } from '../support/processes';
import { cancelEcho, describePulse, PulseServer } from '../support/pulse';

/** What `pactl list` says of a device that PipeWire's echo canceller makes (only what is read of it). */
const pipeWire = (kind: string, name: string, monitorOf?: string): string =>
  [
    `${kind} #51`,
    '\tState: SUSPENDED',
    `\tName: ${name}`,
    '\tDescription: Echo-Cancel',
    '\tDriver: PipeWire',
    '\tOwner Module: 4294967295',
    ...(kind === 'Source'
      ? [`\tMonitor of Sink: ${monitorOf ?? 'n/a'}`]
      : [`\tMonitor Source: ${name}.monitor`]),
    '\tProperties:',
    '\t\tnode.group = "echo-cancel-1204-33"',
    '\t\tnode.link-group = "echo-cancel-1204-33"',
    '\t\tnode.virtual = "true"',
    '',
  ].join('\n');

describe('media: devices of an echo canceller', () => {
  it("knows PipeWire's by their group, and no monitor for a microphone", () => {
    const flags = parsePactl(
      pipeWire('Source', 'echo-cancel-source') +
        pipeWire('Source', 'echo-cancel-sink.monitor', 'echo-cancel-sink') +
        'Source #60\n\tName: usb\n\tDescription: USB\n\tDriver: PipeWire\n\tMonitor of Sink: n/a\n',
    ).map(({ id, echoCancelled, canceller }) => [id, echoCancelled, canceller]);
    assert.deepEqual(flags, [
      ['echo-cancel-source', true, 'echo-cancel-1204-33'],
      ['echo-cancel-sink.monitor', undefined, undefined],
      ['usb', undefined, undefined],
    ]);
    const [sink] = parsePactl(pipeWire('Sink', 'echo-cancel-sink'));
    assert.equal(sink?.canceller, 'echo-cancel-1204-33');
  });
});

describePulse('media: devices of the echo canceller of PulseAudio', () => {
  let pulse: PulseServer;
  let module: string;
  before(async () => {
    pulse = await PulseServer.start();
    module = await cancelEcho(pulse);
  });
  after(() => pulse?.stop());

  it('are flagged in the lists, and say that they belong together', async () => {
    const sinks = await listAudioDevices({ direction: 'playback' });
    const sources = await listAudioDevices({ direction: 'capture' });
    const flagged = [...sinks, ...sources].filter(({ echoCancelled }) => echoCancelled);
    assert.deepEqual(
      flagged.map(({ id, default: standard }) => [id, standard]),
      [
        ['echo_speaker', true],
        ['echo_mic', true],
      ],
    );
    assert.equal(flagged[0]?.canceller, flagged[1]?.canceller);
  });

  /** What a microphone that was opened says of itself. */
  async function ear(device?: string): Promise<unknown> {
    const stop = new AbortController();
    const handle = captureMicrophone({ ...(device && { device }), signal: stop.signal });
    await until('sound comes', () => handle.stats.written > 5);
    stop.abort();
    await until('it has ended', () => handle.state === 'ended');
    return handle.meta.echoCancelled;
  }

  /** What a loudspeaker said last of where its sound went. */
  async function room(player: Playout): Promise<PlayedOptions['room']> {
    const writer = turn(440, 600);
    let last: PlayedOptions['room'];
    writer.handle.on('sink', (_ms, report) => (last = report.room));
    writer.end();
    await player.play(writer.handle);
    return last;
  }

  it('a microphone says whether it is one of them, also as the default', async () => {
    assert.equal(await ear(), true);
    assert.equal(await ear('echo_mic'), true);
    assert.equal(await ear('mic'), undefined);
    assert.equal(await ear('echo_speaker.monitor'), undefined);
  });

  it('a loudspeaker says where its sound goes, and notices when the canceller is gone', async () => {
    const [standard, plain] = [new Playout(), new Playout({ device: 'speaker' })];
    try {
      assert.equal(await room(plain), 'plain');
      assert.equal(await room(standard), 'cancelled');
      await pulse.pactl('unload-module', module);
      await pulse.pactl('set-default-sink', 'speaker');
      assert.equal(await room(standard), 'plain');
    } finally {
      await Promise.all([standard.close(), plain.close()]);
    }
  });
});
