import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MediaHandle } from '../src/media';
import { LiveSession } from '../src/live';
import { p99, percentile99, row, type Row } from './row';

const CONVERSATIONS = 50;
const SECONDS = 20;
const WARM_UP_MS = 3000;
const FRAME_MS = 20;
const FRAME_BYTES = 640;
const CHUNK_MS = 40;
/** An answer of that many chunks, and a pause of as many chunks, again and again. */
const ANSWER = { chunks: 150, pause: 50 };

/**
 * The service's side of all conversations, in a process of its own: collects how old each frame is when it arrives, and
 * answers at the pace of speech with chunks that carry their time. Times are those of the machine's monotonic clock,
 * the same in both processes (ms), in the first eight bytes.
 */
const PEER = `
const { WebSocketServer } = require(process.argv[1]);
const now = () => Number(process.hrtime.bigint()) / 1e6;
let ages = [];
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('listening', () => console.log(server.address().port));
server.on('connection', (socket) => {
  socket.on('message', (message) => {
    const at = now();
    const { setup, realtimeInput } = JSON.parse(message);
    if (setup) {
      socket.send(Buffer.from('{"setupComplete":{}}'));
      // Spread over one chunk, as conversations that know nothing of each other are.
      setTimeout(() => speak(socket, now(), 0), Math.random() * ${CHUNK_MS});
    }
    const data = realtimeInput?.audio?.data;
    if (data) ages.push(at - Buffer.from(data, 'base64').readDoubleLE());
  });
});
function speak(socket, from, i) {
  if (socket.readyState !== 1) return;
  const place = i % ${ANSWER.chunks + ANSWER.pause};
  if (place < ${ANSWER.chunks}) {
    const pcm = Buffer.alloc(${CHUNK_MS * 48}, 3);
    pcm.writeDoubleLE(now());
    const inlineData = { mimeType: 'audio/pcm;rate=24000', data: pcm.toString('base64') };
    const outputTranscription = place % 6 ? undefined : { text: ' word' };
    socket.send(Buffer.from(JSON.stringify({ serverContent: { modelTurn: { parts: [{ inlineData }] }, outputTranscription } })));
  } else if (place === ${ANSWER.chunks}) {
    socket.send(Buffer.from('{"serverContent":{"generationComplete":true}}'));
    socket.send(Buffer.from('{"serverContent":{"turnComplete":true},"usageMetadata":{"totalTokenCount":9}}'));
  }
  setTimeout(speak, Math.max(0, from + (i + 1) * ${CHUNK_MS} - now()), socket, from, i + 1);
}
process.stdin.on('data', () => { ages = []; });
process.stdin.on('end', () => process.stdout.write(JSON.stringify(ages), () => process.exit()));
`;

const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** What is measured on our side. Other work on the machine comes in bursts, so each second is kept apart. */
class Measurement {
  /** How late the microphones' timers were, second by second. */
  lags: number[][] = [[]];
  /** How old each chunk was for its listener. */
  ages: number[] = [];

  reset(): void {
    this.lags = [[]];
    this.ages = [];
  }
}

/** One participant: a microphone that never stops, and somebody who listens. */
class Caller {
  private timer: NodeJS.Timeout | undefined;
  private frames = 0;

  constructor(
    readonly session: LiveSession,
    private readonly measurement: Measurement,
  ) {
    session.on('audio', ({ handle }) => this.listen(handle));
  }

  talk(): void {
    const from = now() + Math.random() * FRAME_MS;
    const tick = (): void => {
      const due = from + this.frames++ * FRAME_MS;
      const at = now();
      this.measurement.lags.at(-1)!.push(Math.max(0, at - due));
      const frame = Buffer.alloc(FRAME_BYTES, 3);
      frame.writeDoubleLE(at);
      this.session.audio.write(frame);
      this.timer = setTimeout(tick, Math.max(0, from + this.frames * FRAME_MS - now()));
    };
    this.timer = setTimeout(tick, from - now());
  }

  async hangUp(): Promise<void> {
    clearTimeout(this.timer);
    await this.session.close();
  }

  private listen(handle: MediaHandle): void {
    const reader = handle.open();
    reader.on('data', (chunk: Buffer) => this.measurement.ages.push(now() - chunk.readDoubleLE()));
    reader.on('error', () => {}); // hung up in mid-sentence
  }
}

/** 50 conversations at once, in real time, all in this process; the service in another one. */
export async function rows(): Promise<Row[]> {
  const peer = spawn(process.execPath, ['-e', PEER, require.resolve('ws')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const measurement = new Measurement();
  const callers: Caller[] = [];
  try {
    const baseUrl = `http://127.0.0.1:${String((await once(peer.stdout!, 'data'))[0]).trim()}`;
    for (let i = 0; i < CONVERSATIONS; i++) {
      const session = new LiveSession({ endpoint: { backend: 'local', baseUrl } });
      callers.push(new Caller(session, measurement));
      await session.connect();
    }
    for (const caller of callers) caller.talk();
    await sleep(WARM_UP_MS);
    peer.stdin!.write('forget');
    measurement.reset();
    const cpu = await cpuPerSecond(measurement);
    const { lags, ages } = measurement;
    const dropped = callers.reduce((sum, { session }) => sum + session.stats.droppedAudioMs, 0);
    if (dropped > 0) throw new Error(`${dropped} ms of audio were dropped: the figures would flatter.`);
    for (const caller of callers) await caller.hangUp();
    return table(lags, await report(peer), ages, cpu);
  } finally {
    for (const caller of callers) await caller.hangUp();
    peer.kill();
  }
}

function table(lags: number[][], up: number[], down: number[], cpu: number[]): Row[] {
  const how = `${CONVERSATIONS} sessions, each sends 20 ms frames without pause and gets 40 ms chunks in answers of 6 s; ${SECONDS} s`;
  const name = (what: string): string => `${CONVERSATIONS} conversations: ${what}`;
  return [
    row(
      name('lag of the event loop, p99'),
      'ms',
      lags.map(percentile99),
      `in each second; in all ${p99(lags.flat())}; lateness of each microphone's timer; ${how}`,
    ),
    row(name('frame → socket'), 'ms', up, `${p99(up)}; ${up.length} frames, read by another process`),
    row(
      name('socket → listener'),
      'ms',
      down,
      `${p99(down)}; ${down.length} chunks, sent by another process`,
    ),
    row(
      name('CPU of each'),
      'ms/s',
      cpu,
      `this process with its microphones, in each second, ÷ ${CONVERSATIONS}`,
    ),
  ];
}

/** CPU time (user + system) of this process for one conversation, measured in each second (ms). */
async function cpuPerSecond(measurement: Measurement): Promise<number[]> {
  const values: number[] = [];
  for (let second = 0; second < SECONDS; second++) {
    const before = process.cpuUsage();
    const from = now();
    if (second > 0) measurement.lags.push([]);
    await sleep(1000);
    const { user, system } = process.cpuUsage(before);
    values.push((user + system) / (now() - from) / CONVERSATIONS);
  }
  return values;
}

/** How old the frames were when they arrived (ms). */
async function report(peer: ChildProcess): Promise<number[]> {
  let text = '';
  peer.stdout!.on('data', (piece: Buffer) => (text += String(piece)));
  peer.stdin!.end();
  await once(peer, 'close');
  return JSON.parse(text) as number[];
}
