import assert from 'node:assert/strict';
import {
  parseAlsaCards,
  parseAvfoundation,
  parseDshow,
  parseFfmpegDevices,
  parsePactl,
} from '../../src/media/device-lists';
import { isAlsaName, listAudioDevices } from '../../src/media/devices';
import { describePulse, PulseServer } from '../support/pulse';

describe('media: device lists', () => {
  it('pactl: the default first, names in any language', () => {
    const text = [
      'Sink #0',
      '\tState: IDLE',
      '\tName: alsa_output.usb',
      '\tDescription: Lautsprecher Küche',
      '\tDriver: PipeWire',
      '\t\tName: not this one',
      '',
      'Sink #1',
      '\tState: RUNNING',
      '\tName: bluez_output.1',
      '\tDescription: ',
    ].join('\n');
    assert.deepEqual(parsePactl(text, 'bluez_output.1'), [
      { id: 'bluez_output.1', name: 'bluez_output.1', backend: 'pulse', default: true },
      { id: 'alsa_output.usb', name: 'Lautsprecher Küche', backend: 'pulse', default: false },
    ]);
    assert.deepEqual(parsePactl(''), []);
  });

  it('ffmpeg -sources pulse, and a build that cannot', () => {
    const text =
      'Auto-detected sources for pulse:\n  a.monitor [Monitor of A] (none)\n* mic [Mic [USB]] (audio)\n';
    assert.deepEqual(parseFfmpegDevices(text), [
      { id: 'a.monitor', name: 'Monitor of A', backend: 'pulse', default: false },
      { id: 'mic', name: 'Mic [USB]', backend: 'pulse', default: true },
    ]);
    assert.deepEqual(parseFfmpegDevices('Unknown format: pulse\n'), []);
  });

  it('ALSA cards by name, because their numbers change', () => {
    const text = [
      '**** List of CAPTURE Hardware Devices ****',
      'card 0: PCH [HDA Intel PCH], device 0: ALC257 Analog [ALC257 Analog]',
      '  Subdevices: 1/1',
      '  Subdevice #0: subdevice #0',
      'card 1: Device [USB PnP Sound Device], device 0: USB Audio [USB Audio]',
    ].join('\n');
    assert.deepEqual(parseAlsaCards(text), [
      { id: 'plughw:CARD=PCH,DEV=0', name: 'HDA Intel PCH: ALC257 Analog', backend: 'alsa', default: false },
      {
        id: 'plughw:CARD=Device,DEV=0',
        name: 'USB PnP Sound Device: USB Audio',
        backend: 'alsa',
        default: false,
      },
    ]);
    assert.deepEqual(parseAlsaCards('arecord: device_list:274: no soundcards found...'), []);
  });

  it('dshow: newer builds, whose tags vary', () => {
    const text = [
      '[dshow @ 000001] "Integrated Camera" (video)',
      '[dshow @ 000001]   Alternative name "@device_pnp_\\\\?\\usb#vid"',
      '[in#0 @ 000002] "Microphone (Realtek(R) Audio)" (audio)',
      '[dshow @ 000001]   Alternative name "@device_cm_{33D9A762}\\wave_{0}"',
      '[dshow @ 000001] "Capture Card" (video, audio)',
      'dummy: Immediate exit requested',
    ].join('\r\n');
    assert.deepEqual(
      parseDshow(text).map(({ id, default: first }) => [id, first]),
      [
        ['Microphone (Realtek(R) Audio)', true],
        ['Capture Card', false],
      ],
    );
  });

  it('dshow: older builds with a header per kind', () => {
    const text = [
      '[dshow @ 1] DirectShow video devices (some may be both video and audio devices)',
      '[dshow @ 1]  "Camera"',
      '[dshow @ 1]     Alternative name "@device_pnp"',
      '[dshow @ 1] DirectShow audio devices',
      '[dshow @ 1]  "Mikrofon (USB)"',
      '[dshow @ 1]     Alternative name "@device_cm"',
    ].join('\n');
    assert.deepEqual(
      parseDshow(text).map(({ id }) => id),
      ['Mikrofon (USB)'],
    );
  });

  it('avfoundation: the audio section only', () => {
    const text = [
      '[AVFoundation indev @ 0x1] AVFoundation video devices:',
      '[AVFoundation indev @ 0x1] [0] FaceTime HD Camera',
      '[AVFoundation indev @ 0x1] [1] Capture screen 0',
      '[AVFoundation indev @ 0x1] AVFoundation audio devices:',
      '[AVFoundation indev @ 0x1] [0] MacBook Pro Microphone',
      '[AVFoundation indev @ 0x1] [1] USB Audio',
      ': Input/output error',
    ].join('\n');
    assert.deepEqual(parseAvfoundation(text), [
      { id: '0', name: 'MacBook Pro Microphone', backend: 'avfoundation', default: true },
      { id: '1', name: 'USB Audio', backend: 'avfoundation', default: false },
    ]);
  });

  it('tells the names of ALSA, as it lists them, from those of PulseAudio', () => {
    for (const name of ['plughw:CARD=Device,DEV=0', 'hw:1', 'sysdefault:CARD=PCH'])
      assert.ok(isAlsaName(name), name);
    for (const name of ['alsa_input.usb-hw', 'mic', undefined]) assert.ok(!isAlsaName(name), name);
  });

  it('a machine without any tool has an empty list, not an error', async () => {
    const before = process.env.PATH;
    process.env.PATH = '';
    try {
      for (const direction of ['capture', 'playback'] as const) {
        for (const platform of ['linux', 'win32'] as const) {
          assert.deepEqual(await listAudioDevices({ direction, platform }), []);
        }
      }
      assert.equal((await listAudioDevices({ direction: 'playback', platform: 'darwin' })).length, 1);
    } finally {
      process.env.PATH = before;
    }
  });
});

describePulse('media: devices of a real server', () => {
  let pulse: PulseServer;
  before(async () => {
    pulse = await PulseServer.start();
  });
  after(() => pulse?.stop());

  it('lists microphones and loudspeakers, with the default and their names', async () => {
    const properties = 'sink_properties=device.description=Küche';
    await pulse.pactl('load-module', 'module-null-sink', 'sink_name=kitchen', properties);
    const capture = await listAudioDevices({ direction: 'capture' });
    assert.deepEqual(capture[0], { id: 'mic', name: 'Microphone', backend: 'pulse', default: true });
    assert.ok(capture.some(({ id }) => id === 'kitchen.monitor'));
    const playback = await listAudioDevices({ direction: 'playback' });
    assert.deepEqual(playback[0], { id: 'speaker', name: 'Speaker', backend: 'pulse', default: true });
    assert.ok(playback.some(({ id, name }) => id === 'kitchen' && name === 'Küche'));
  });

  it('a server that went away', async () => {
    process.env.PULSE_SERVER = 'unix:/no/such/socket';
    const list = await listAudioDevices({ direction: 'capture' });
    process.env.PULSE_SERVER = pulse.address;
    assert.deepEqual(
      list.filter(({ backend }) => backend === 'pulse'),
      [],
    );
  });
});
