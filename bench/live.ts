import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { LiveSession } from '../src/live';
import { row, type Row } from './row';

/** Frames per measurement, measurements per arm. */
const FRAMES = 5000;
const RUNS = 7;
/** Frames between two turns of the event loop: half a second of audio. */
const BURST = 25;
const FRAME = Buffer.alloc(640, 5);
/** 40 ms at 24 kHz. */
const CHUNK_BYTES = 1920;
const END = '{"realtimeInput":{"activityEnd":{}}}';
const MODEL = 'gemini-2.5-flash-native-audio-preview-12-2025';

/**
 * The other side, in a process of its own, so that only the client's CPU time is counted. Answers the setup, counts
 * nothing, sends `goAway` when an activity ends, and a stream of chunks when it is asked for text.
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
  if (text.includes('"activityEnd"')) socket.send(Buffer.from('{"goAway":{"timeLeft":"1s"}}'));
  if (text.includes('"text"')) {
    for (let i = 0; i < ${FRAMES}; i++) socket.send(chunk);
    socket.send(Buffer.from('{"serverContent":{"generationComplete":true,"turnComplete":true}}'));
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

/** CPU per frame sent and received: ours, the official SDK's, and raw `ws` with a ready-made frame. */
export async function rows(): Promise<Row[]> {
  const sink = spawn(process.execPath, ['-e', SINK, require.resolve('ws')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const url = `http://127.0.0.1:${await portOf(sink)}`;
    const arms = { raw: await rawArm(url), ours: await ourArm(url), sdk: await sdkArm(url) };
    const rows = [
      ...(await measure('send 20 ms frame', arms, sendFrames)),
      ...(await measure('receive 40 ms chunk', arms, (arm) => arm.receive())),
    ];
    for (const arm of Object.values(arms)) await arm.close();
    return rows;
  } finally {
    sink.stdin?.end();
    await once(sink, 'exit');
  }
}

type Arms = Record<'raw' | 'ours' | 'sdk', Arm>;

async function measure(name: string, arms: Arms, work: (arm: Arm) => Promise<void>): Promise<Row[]> {
  const cost: Record<keyof Arms, number[]> = { raw: [], ours: [], sdk: [] };
  // The first round warms up the compiler; within a round the arms take turns, so that a slow moment hits all.
  for (let run = 0; run <= RUNS; run++) {
    for (const key of ['raw', 'ours', 'sdk'] as const) {
      const before = process.cpuUsage();
      await work(arms[key]);
      const { user, system } = process.cpuUsage(before);
      if (run > 0) cost[key].push((user + system) / FRAMES);
    }
  }
  const ratio = (a: keyof Arms, b: keyof Arms): number[] =>
    cost[a].map((value, i) => value / (cost[b][i] ?? NaN));
  const how = `${FRAMES} frames × ${RUNS}, loopback, sink in another process, CPU of the client (user + system)`;
  return [
    row(`CPU, ${name}: ours`, 'µs', cost.ours, how),
    row(`CPU, ${name}: @google/genai`, 'µs', cost.sdk, 'same run'),
    row(`CPU, ${name}: raw ws`, 'µs', cost.raw, 'same run; the frame is ready-made, nothing is parsed'),
    row(`CPU, ${name}: ours / @google/genai`, '×', ratio('ours', 'sdk'), 'below 1 is better than the SDK'),
    row(`CPU, ${name}: ours / raw ws`, '×', ratio('ours', 'raw'), 'the price of everything above the socket'),
  ];
}

async function sendFrames(arm: Arm): Promise<void> {
  for (let i = 0; i < FRAMES; i++) {
    arm.send();
    if (i % BURST === BURST - 1) await turnOfLoop();
  }
  await arm.flush();
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
        const onMessage = (): void => {
          if (++count <= FRAMES) return;
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
  const session = new LiveSession({ endpoint: { backend: 'local', baseUrl: url }, model: MODEL });
  await session.connect();
  return {
    send: () => void session.audio.write(FRAME),
    flush: async () => {
      const answered = once(session, 'go-away');
      session.activityEnd();
      await answered;
      const { droppedAudioMs } = session.stats;
      if (droppedAudioMs > 0) throw new Error(`${droppedAudioMs} ms were dropped: the figures would flatter`);
    },
    receive: async () => {
      const turn = once(session, 'turn');
      session.sendRaw({ realtimeInput: { text: 'go' } });
      await turn;
    },
    close: () => session.close(),
  };
}

async function sdkArm(url: string): Promise<Arm> {
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
        if (message.goAway || message.serverContent?.turnComplete) wake();
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
      session.sendRealtimeInput({ activityEnd: {} });
      await done;
    },
    receive: async () => {
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

if (require.main === module) {
  void rows().then((list) => {
    for (const { name, unit, min, median, max } of list) {
      console.log(
        `${name.padEnd(50)} ${[min, median, max].map((value) => value.toFixed(2)).join(' / ')} ${unit}`,
      );
    }
  });
}
