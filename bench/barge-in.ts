import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { helper, run, sessionFlow, until } from '../test/nodes/support';
import { pulseMissing, PulseServer, type Recording } from '../test/support/pulse';
import { loudSpan } from '../test/support/sound';
import { row, type Row } from './row';

const RATE = 48_000;
const REPEATS = 30;

/**
 * The service's side, in a process of its own: answers a text with ten seconds of a tone, faster than it is played, and
 * interrupts it a while later. Prints when `interrupted` was written to the socket (ms of the machine's monotonic clock).
 */
const PEER = `
const { WebSocketServer } = require(process.argv[1]);
const tone = Buffer.alloc(1920);
for (let i = 0; i < 960; i++) tone.writeInt16LE(Math.round(Math.sin(i * 2 * Math.PI * 500 / 24000) * 12000), i * 2);
const inlineData = { mimeType: 'audio/pcm;rate=24000', data: tone.toString('base64') };
const chunk = Buffer.from(JSON.stringify({ serverContent: { modelTurn: { parts: [{ inlineData }] } } }));
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
let turn = 0;
server.on('listening', () => console.log(server.address().port));
server.on('connection', (socket) => socket.on('message', (message) => {
  const { setup, realtimeInput, clientContent } = JSON.parse(message);
  if (setup) return socket.send(Buffer.from('{"setupComplete":{}}'));
  if (!realtimeInput?.text && !clientContent) return;
  for (let i = 0; i < 250; i++) socket.send(chunk);
  // At another phase of the device's blocks each time.
  setTimeout(() => {
    const at = Number(process.hrtime.bigint()) / 1e6;
    socket.send(Buffer.from('{"serverContent":{"interrupted":true}}'));
    socket.send(Buffer.from('{"serverContent":{"turnComplete":true}}'));
    console.log(at);
  }, 700 + turn++ * 7);
}));
process.stdin.on('end', () => process.exit()).resume();
`;

/** From `interrupted` on the socket, through session, wire and audio-out, to silence at a virtual device. */
export async function rows(): Promise<Row[]> {
  const name = 'interrupted on the socket → silence at the device';
  if (pulseMissing) return [row(name, 'ms', [], pulseMissing)];
  const pulse = await PulseServer.start();
  const recording = await pulse.record('speaker.monitor', RATE);
  const peer = spawn(process.execPath, ['-e', PEER, require.resolve('ws')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const line = async (): Promise<number> => Number(String((await once(peer.stdout, 'data'))[0]));
  try {
    const running = await run([
      ...sessionFlow(`http://127.0.0.1:${await line()}`, {
        connect: 'deploy',
        wires: [['speaker'], [], ['events']],
      }),
      { id: 'speaker', type: 'gemini-live-audio-out', sink: 'speaker', device: '', volume: '100', wires: [] },
    ]);
    await until('connected', () => JSON.stringify(running.got('events')).includes('"ready"'));
    const values: number[] = [];
    for (let i = 0; i < REPEATS; i += 1) {
      const interrupted = line();
      values.push(await measure(recording, () => running.send('session', { payload: 'speak' }), interrupted));
    }
    const how = `${REPEATS} runs through session, wire and audio-out with seconds still queued; last loud sample of the recorded monitor of a null sink; resolution one block of 10 ms, so a value ≤ 10 is none`;
    return [row(name, 'ms', values, how)];
  } finally {
    await helper.unload();
    peer.stdin.end();
    await recording.stop();
    await pulse.stop();
  }
}

async function measure(
  recording: Recording,
  speak: () => void,
  interrupted: Promise<number>,
): Promise<number> {
  const from = recording.samples().length;
  speak();
  const at = (await interrupted) - clockOffset();
  await sleep(300);
  const span = loudSpan(recording.samples().subarray(from));
  if (!span) throw new Error('Nothing was heard.');
  const after = recording.zero() + ((from + span.end) / RATE) * 1000 - at;
  // What the device still held is silenced with the rest, so the sound may end a little before; not if it flowed.
  if (after < -150) throw new Error(`The sound had ended ${-after} ms before it was interrupted.`);
  return Math.max(0, after);
}

/** What `performance.now()` lacks to the machine's monotonic clock (ms). */
const clockOffset = (): number => Number(process.hrtime.bigint()) / 1e6 - performance.now();
