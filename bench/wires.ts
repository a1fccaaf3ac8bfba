import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeInitializer } from 'node-red';
import { createMedia, isMediaHandle, PCM_16K } from '../src/media';
import { helper, run, sessionFlow, until } from '../test/nodes/support';
import { p99, row, type Row } from './row';

/** 20 ms at 16 kHz, 20 s of them; 40 ms at 24 kHz, as many seconds. */
const FRAMES = 1000;
const FRAME_MS = 20;
const FRAME_BYTES = 640;
const CHUNKS = 500;
const CHUNK_MS = 40;
const CHUNK_BYTES = 1920;
/** The first ones pay for the compiler. */
const WARM_UP = 50;

/**
 * The service's side, in a process of its own: notes when each numbered frame arrives, and sends numbered chunks at the
 * pace of speech meanwhile. Times are those of the machine's monotonic clock, the same in both processes (ms).
 */
const PEER = `
const { WebSocketServer } = require(process.argv[1]);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const received = [], sent = [];
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('listening', () => console.log(server.address().port));
server.on('connection', (socket) => {
  let begun = false;
  socket.on('message', (message) => {
    const at = now();
    const { setup, realtimeInput } = JSON.parse(message);
    if (setup) socket.send(Buffer.from('{"setupComplete":{}}'));
    const data = realtimeInput?.audio?.data;
    if (!data) return;
    received[Buffer.from(data, 'base64').readUInt32LE()] = at;
    if (!begun) speak(socket, now());
    begun = true;
  });
});
function speak(socket, from, i = 0) {
  if (i === ${CHUNKS}) {
    socket.send(Buffer.from('{"serverContent":{"generationComplete":true}}'));
    socket.send(Buffer.from('{"serverContent":{"turnComplete":true}}'));
    return;
  }
  const pcm = Buffer.alloc(${CHUNK_BYTES}, 3);
  pcm.writeUInt32LE(i);
  const inlineData = { mimeType: 'audio/pcm;rate=24000', data: pcm.toString('base64') };
  const frame = Buffer.from(JSON.stringify({ serverContent: { modelTurn: { parts: [{ inlineData }] } } }));
  sent[i] = now();
  socket.send(frame);
  setTimeout(speak, Math.max(0, from + (i + 1) * ${CHUNK_MS} - now()), socket, from, i + 1);
}
process.stdin.on('end', () => {
  process.stdout.write(JSON.stringify({ received, sent }), () => process.exit());
}).resume();
`;

const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Latency that the nodes add on the way to the socket and back, through the wires of a Node-RED runtime. */
export async function rows(): Promise<Row[]> {
  const peer = spawn(process.execPath, ['-e', PEER, require.resolve('ws')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const written: number[] = [];
  const arrived: number[] = [];
  try {
    const url = `http://127.0.0.1:${(await lineOf(peer)).trim()}`;
    const running = await run(
      [
        ...sessionFlow(url, { connect: 'deploy', wires: [['sink'], [], ['events']] }),
        { id: 'source', type: 'bench-source', wires: [['session']] },
        { id: 'sink', type: 'bench-sink', wires: [] },
      ],
      { types: [source(written), sink(arrived)] },
    );
    await until('connected', () => JSON.stringify(running.got('events')).includes('"ready"'));
    running.send('source', {});
    await until(
      'all was sent and came',
      () => written.length === FRAMES && arrived.length === CHUNKS,
      120_000,
    );
    await sleep(200); // the last frame is still on its way
    const report = lineOf(peer, true);
    peer.stdin?.end();
    const { received, sent } = JSON.parse(await report) as { received: number[]; sent: number[] };
    return table(written, received, sent, arrived);
  } finally {
    await helper.unload();
    peer.kill();
  }
}

function table(written: number[], received: number[], sent: number[], arrived: number[]): Row[] {
  const way =
    'one wire and a session node in a Node-RED runtime; monotonic clock, loopback and JSON of the other process included';
  const up = delays(written, received);
  const down = delays(sent, arrived);
  return [
    row(
      'added latency, capture → socket',
      'ms',
      up,
      `${p99(up)}; ${up.length} frames of 20 ms through ${way}`,
    ),
    row(
      'added latency, socket → sink',
      'ms',
      down,
      `${p99(down)}; ${down.length} chunks of 40 ms through ${way}`,
    ),
    row(
      'gap between frames at the socket',
      'ms',
      gaps(received),
      'same run; a source node writes every 20 ms',
    ),
    row(
      'gap between chunks at the sink',
      'ms',
      gaps(arrived),
      'same run; the other process sends every 40 ms',
    ),
  ];
}

function delays(from: number[], to: number[]): number[] {
  const missing = from.filter((_at, i) => to[i] === undefined || to[i] === null).length;
  if (missing) throw new Error(`${missing} of ${from.length} did not arrive: the figures would flatter.`);
  return from.slice(WARM_UP).map((at, i) => to[i + WARM_UP]! - at);
}

const gaps = (times: number[]): number[] => times.slice(WARM_UP + 1).map((at, i) => at - times[i + WARM_UP]!);

/** Writes numbered frames at the pace of a microphone, without drift. */
function source(written: number[]): NodeInitializer {
  return (RED) => {
    RED.nodes.registerType('bench-source', function (def) {
      RED.nodes.createNode(this, def);
      this.on('input', (_msg, send, done) => {
        const writer = createMedia({ format: PCM_16K, policy: 'drop-oldest' });
        send({ payload: writer.handle });
        const from = now();
        const tick = (): void => {
          const frame = Buffer.alloc(FRAME_BYTES, 3);
          frame.writeUInt32LE(written.length);
          written.push(now());
          writer.write(frame);
          if (written.length === FRAMES) return writer.end();
          setTimeout(tick, Math.max(0, from + written.length * FRAME_MS - now()));
        };
        setTimeout(tick, FRAME_MS);
        done();
      });
    });
  };
}

/** Notes when each numbered chunk of an answer can be played. */
function sink(arrived: number[]): NodeInitializer {
  return (RED) => {
    RED.nodes.registerType('bench-sink', function (def) {
      RED.nodes.createNode(this, def);
      this.on('input', (msg, _send, done) => {
        if (!isMediaHandle(msg.payload)) return done(new Error('no stream came'));
        const reader = msg.payload.open();
        reader.on('data', (chunk: Buffer) => {
          arrived[chunk.readUInt32LE()] = now();
        });
        reader.on('error', done);
        reader.on('end', () => done());
      });
    });
  };
}

async function lineOf(peer: ChildProcess, whole = false): Promise<string> {
  if (!whole) return String((await once(peer.stdout!, 'data'))[0]);
  let text = '';
  for await (const piece of peer.stdout!) text += String(piece);
  return text;
}
