import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import path from 'node:path';
import { WebSocket } from 'ws';
import type * as Live from '../src/live';
import type { LiveServerMessage } from '../src/protocol';
import { row, type Row } from './row';

/** Frames per measurement, measurements per arm. */
const FRAMES = 2500;
const RUNS = 41;
/** Of the last ones the memory is measured too. */
const MEMORY_RUNS = 7;
/** Rounds before them that do not count. */
const WARM_UP = 8;
/**
 * Chunks of one turn: ten seconds. Each turn is interrupted at its end, so that nobody keeps it: the memory is that of a
 * conversation, and not that of the hours that go by in a second here.
 */
const TURN = 250;
const TURNS = FRAMES / TURN;
/** Frames that somebody speaks before the model answers: ten seconds. */
const SPEECH = 500;
/** Turns of the event loop between two looks at the memory. */
const LOOK = 20;
const FRAME = Buffer.alloc(640, 5);
/** 40 ms at 24 kHz. */
const CHUNK_BYTES = 1920;
const END = '{"realtimeInput":{"audioStreamEnd":true}}';
const MODEL = 'gemini-2.5-flash-native-audio-preview-12-2025';

/** The package as users get it: what tsx makes of the sources is slower. */
const BUILT = path.resolve(__dirname, '..', 'dist', 'src', 'live');

/**
 * The other side, in a process of its own, so that only the client's CPU time is counted. Answers the setup, counts
 * nothing, tells of voice activity and ends the turn when the audio stream ends, and sends chunks when it is asked for text: one by one, as
 * they come from a network.
 */
const SINK = `
const { WebSocketServer } = require(process.argv[1]);
const data = Buffer.alloc(${CHUNK_BYTES}, 5).toString('base64');
const chunk = Buffer.from(JSON.stringify({ serverContent: { modelTurn: { parts: [
  { inlineData: { mimeType: 'audio/pcm;rate=24000', data } }] } } }));
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('listening', () => console.log(server.address().port));
server.on('connection', (socket) => socket.on('message', (message) => {
  if (message.length > 500) return;
  const text = message.toString();
  if (text.includes('"setup"')) socket.send(Buffer.from('{"setupComplete":{}}'));
  if (text.includes('"audioStreamEnd"')) {
    socket.send(Buffer.from(
      '{"voiceActivity":{"voiceActivityType":"ACTIVITY_END"},"serverContent":{"turnComplete":true}}'));
  }
  if (text.includes('"text"')) {
    let left = ${FRAMES};
    const next = () => {
      socket.send(chunk);
      if (--left % ${TURN} === 0) {
        socket.send(Buffer.from('{"serverContent":{"interrupted":true}}'));
        socket.send(Buffer.from('{"serverContent":{"turnComplete":true}}'));
      }
      if (left > 0) setImmediate(next);
    };
    next();
  }
}));
process.stdin.on('end', () => process.exit()).resume();
`;

/** One client under measurement. */
interface Arm {
  send(): void;
  /** Sends the marker and resolves when the sink has answered it: then every frame has left. */
  flush(): Promise<void>;
  /** Asks for chunks and resolves with the last one. */
  receive(): Promise<void>;
  close(): Promise<void> | void;
}

/** What one piece of work has cost its client. */
interface Cost {
  /** Processor time per frame (µs). */
  cpu: number;
  /** Bytes per frame, if they were measured. */
  memory?: number;
}

type Work = 'send' | 'receive' | 'send memory' | 'receive memory';
const ARMS = { raw: rawArm, ours: ourArm, sdk: sdkArm };
type ArmName = keyof typeof ARMS;
const NAMES: readonly ArmName[] = ['raw', 'ours', 'sdk'];

/** CPU per frame sent and received: ours, the official SDK's, and raw `ws` with a ready-made frame. */
export async function rows(): Promise<Row[]> {
  const sink = spawn(process.execPath, ['-e', SINK, require.resolve('ws')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Each client has a process of its own: nobody pays for another's garbage, or for code that has seen its objects.
  const clients: ChildProcess[] = [];
  try {
    const url = `http://127.0.0.1:${await portOf(sink)}`;
    clients.push(...NAMES.map((name) => fork(__filename, [name, url])));
    await Promise.all(clients.map((client) => once(client, 'message')));
    return [
      ...(await measure('send', 'send 20 ms frame', clients)),
      ...(await measure('receive', 'receive 40 ms chunk', clients)),
    ];
  } finally {
    for (const client of clients) client.disconnect();
    await Promise.all(
      clients.filter(({ exitCode }) => exitCode === null).map((client) => once(client, 'exit')),
    );
    sink.stdin?.end();
    await once(sink, 'exit');
  }
}

async function measure(work: 'send' | 'receive', name: string, clients: ChildProcess[]): Promise<Row[]> {
  const costs: Record<ArmName, Cost[]> = { raw: [], ours: [], sdk: [] };
  // The first rounds warm up the compiler; within a round the clients take turns, so that a slow moment hits all.
  for (let run = -WARM_UP; run < RUNS; run++) {
    for (const [i, arm] of NAMES.entries()) {
      const client = clients[i]!;
      const cost = await told(client, run < RUNS - MEMORY_RUNS ? work : `${work} memory`);
      if (run >= 0) costs[arm].push(cost);
    }
  }
  const cpu = (arm: ArmName): number[] => costs[arm].map((cost) => cost.cpu);
  const memory = (arm: ArmName): number[] => costs[arm].flatMap((cost) => cost.memory ?? []);
  const ratio = (a: ArmName, b: ArmName): number[] => cpu(a).map((value, i) => value / (cpu(b)[i] ?? NaN));
  const how = `${FRAMES} frames one by one × ${RUNS}, loopback, a process for each client, user + system`;
  const made = `growth of heap and buffers, looked at every ${LOOK} turns of the event loop`;
  return [
    row(`CPU, ${name}: ours`, 'µs', cpu('ours'), how),
    row(`CPU, ${name}: @google/genai`, 'µs', cpu('sdk'), 'same run'),
    row(
      `CPU, ${name}: raw ws`,
      'µs',
      cpu('raw'),
      'same run; the frame is ready-made, what comes is parsed and decoded and no more',
    ),
    row(`CPU, ${name}: ours / @google/genai`, '×', ratio('ours', 'sdk'), 'below 1 is better than the SDK'),
    row(`CPU, ${name}: ours / raw ws`, '×', ratio('ours', 'raw'), 'the price of everything above the socket'),
    row(`memory, ${name}: ours`, 'bytes', memory('ours'), made),
    row(`memory, ${name}: @google/genai`, 'bytes', memory('sdk'), 'same run'),
    row(`memory, ${name}: raw ws`, 'bytes', memory('raw'), 'same run'),
  ];
}

function told(client: ChildProcess, work: Work): Promise<Cost> {
  return new Promise((resolve, reject) => {
    const ended = (code: number): void =>
      reject(new Error(`A client of the benchmark ended with code ${code}`));
    client.once('exit', ended);
    client.once('message', (cost: Cost) => {
      client.off('exit', ended);
      resolve(cost);
    });
    client.send(work);
  });
}

/** The process of one client: works when it is told to, and tells what it cost. */
async function client(name: ArmName, url: string): Promise<void> {
  const arm = await ARMS[name](url);
  process.on('message', (work: Work) => {
    const job = () => (work.startsWith('send') ? sendFrames(arm) : arm.receive());
    void cost(job, work.endsWith('memory')).then((result) => process.send?.(result));
  });
  process.on('disconnect', () => void arm.close());
  process.send?.('ready');
}

/** CPU first, memory in a run of its own: looking at it costs something too. */
async function cost(work: () => Promise<void>, memory: boolean): Promise<Cost> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / FRAMES;
  return memory ? { cpu, memory: (await allocated(work)) / FRAMES } : { cpu };
}

/** Bytes that were allocated meanwhile; what is collected between two looks is missed, so a little too few. */
async function allocated(work: () => Promise<void>): Promise<number> {
  let sum = 0;
  let over = false;
  const size = (): number => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const looking = (async () => {
    for (let before = size(), turn = 1; !over; turn++) {
      await turnOfLoop();
      if (turn % LOOK !== 0 && !over) continue;
      const now = size();
      sum += Math.max(0, now - before);
      before = now;
    }
  })();
  await work();
  over = true;
  await looking;
  return sum;
}

/** A microphone's frames come one by one: each has a turn of the event loop, and a system call, of its own. */
async function sendFrames(arm: Arm): Promise<void> {
  for (let i = 1; i <= FRAMES; i++) {
    arm.send();
    await turnOfLoop();
    if (i % SPEECH === 0) await arm.flush();
  }
}

async function rawArm(url: string): Promise<Arm> {
  const socket = new WebSocket(url.replace('http', 'ws'), { perMessageDeflate: false });
  await once(socket, 'open');
  const audio = { mimeType: 'audio/pcm;rate=16000', data: FRAME.toString('base64') };
  const frame = JSON.stringify({ realtimeInput: { audio } });
  return {
    send: () => socket.send(frame),
    flush: async () => {
      socket.send(END);
      await once(socket, 'message');
    },
    receive: () =>
      new Promise((resolve) => {
        let count = 0;
        const onMessage = (data: Buffer): void => {
          // The least that a program must do by hand to have the sound.
          const { serverContent } = JSON.parse(data.toString()) as LiveServerMessage;
          for (const { inlineData } of serverContent?.modelTurn?.parts ?? []) {
            Buffer.from(inlineData?.data ?? '', 'base64');
          }
          if (++count < FRAMES + 2 * TURNS) return;
          socket.off('message', onMessage);
          resolve();
        };
        socket.on('message', onMessage);
        socket.send('{"realtimeInput":{"text":"go"}}');
      }),
    close: () => socket.close(),
  };
}

async function ourArm(url: string): Promise<Arm> {
  const { LiveSession } = (await import(BUILT)) as typeof Live;
  // Like the others, it keeps what the socket does not take at once: none of the frames may be missing.
  const lanes = { maxAudioMs: FRAMES * 20, highWaterBytes: Infinity };
  const session = new LiveSession({ endpoint: { backend: 'local', baseUrl: url }, model: MODEL, lanes });
  await session.connect();
  return {
    send: () => void session.audio.write(FRAME),
    flush: async () => {
      const answered = once(session, 'activity');
      session.audioStreamEnd();
      await answered;
      const { droppedAudioMs } = session.stats;
      if (droppedAudioMs > 0) throw new Error(`${droppedAudioMs} ms were dropped: the figures would flatter`);
    },
    receive: async () => {
      let turns = 0;
      const done = new Promise<void>((resolve) => {
        const onTurn = (): void => {
          if (++turns < TURNS) return;
          session.off('turn', onTurn);
          resolve();
        };
        session.on('turn', onTurn);
      });
      session.sendRaw({ realtimeInput: { text: 'go' } });
      await done;
    },
    close: () => session.close(),
  };
}

async function sdkArm(url: string): Promise<Arm> {
  let turns = 0;
  let wake = (): void => {};
  const answered = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const { GoogleGenAI } = await import('@google/genai');
  const ai = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: url, apiVersion: 'v1beta' } });
  const session = await ai.live.connect({
    model: MODEL,
    callbacks: {
      onmessage: (message) => {
        // What every program does with a chunk: the SDK hands it on as base64.
        for (const { inlineData } of message.serverContent?.modelTurn?.parts ?? []) {
          Buffer.from(inlineData?.data ?? '', 'base64');
        }
        if (message.serverContent?.turnComplete) turns++;
        if (message.voiceActivity || turns === TURNS) wake();
      },
    },
  });
  return {
    send: () =>
      session.sendRealtimeInput({
        audio: { data: FRAME.toString('base64'), mimeType: 'audio/pcm;rate=16000' },
      }),
    flush: async () => {
      const done = answered();
      session.sendRealtimeInput({ audioStreamEnd: true });
      await done;
    },
    receive: async () => {
      turns = 0;
      const done = answered();
      session.sendRealtimeInput({ text: 'go' });
      await done;
    },
    close: () => session.close(),
  };
}

async function portOf(sink: ChildProcess): Promise<string> {
  const [line] = (await once(sink.stdout!, 'data')) as [Buffer];
  return line.toString().trim();
}

const [, , name, url] = process.argv;
if (process.send && name && url) void client(name as ArmName, url);
else if (require.main === module) {
  void rows().then((list) => {
    for (const { name, unit, min, median, max } of list) {
      console.log(
        `${name.padEnd(50)} ${[min, median, max].map((value) => value.toFixed(2)).join(' / ')} ${unit}`,
      );
    }
  });
}
