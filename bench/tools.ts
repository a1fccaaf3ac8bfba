import { type ChildProcess, spawn } from 'node:child_process';
import { WebSocket } from 'ws';
import { type FlowNode, NodeRed } from '../test/support/node-red';
import { p99, percentile99, row, type Row } from './row';

/** Calls one after the other, by each client. */
const CALLS = 600;
/** The first ones pay for the compiler. */
const WARM_UP = 100;
/** So many calls in one message, so many times. */
const AT_ONCE = 100;
const BURSTS = 20;
const BURST_WARM_UP = 5;

/**
 * The service's side, in a process of its own. It calls a function of one client, waits for the answer, then of the other;
 * afterwards a hundred calls in one message, again in turns. Prints the moments at which each call was written to its
 * socket and its answer arrived, by client and number (ms of the machine's monotonic clock, the same in all processes).
 */
const PEER = `
const { WebSocketServer } = require(process.argv[1]);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const write = (socket, message) => socket.send(Buffer.from(JSON.stringify(message)));
const clients = {};
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('listening', () => console.log(server.address().port));
server.on('connection', (socket) => {
  const client = { socket, sent: [], received: [], left: 0 };
  socket.on('message', (message) => {
    const at = now();
    const { setup, toolResponse } = JSON.parse(message);
    if (setup) {
      clients[setup.bare ? 'bare' : 'ours'] = client;
      write(socket, { setupComplete: {} });
      if (clients.bare && clients.ours) setTimeout(all, 1000);
    }
    for (const { id } of toolResponse?.functionResponses ?? []) {
      if (client.received[Number(id)] !== undefined) throw new Error('answered twice: ' + id);
      client.received[Number(id)] = at;
      if (--client.left === 0) client.answered();
    }
  });
});
async function call(client, count) {
  const first = client.sent.length;
  const functionCalls = Array.from({ length: count }, (_, i) => (
    { id: String(first + i), name: 'set_light', args: { room: 'kitchen', on: true, brightness: first + i } }));
  const answered = new Promise((resolve) => { client.answered = resolve; });
  client.left = count;
  const at = now();
  write(client.socket, { toolCall: { functionCalls } });
  for (let i = 0; i < count; i++) client.sent.push(at);
  await answered;
  write(client.socket, { serverContent: { generationComplete: true } });
  write(client.socket, { serverContent: { turnComplete: true } });
  await new Promise((resolve) => setTimeout(resolve, count > 1 ? 50 : 2));
}
async function all() {
  const both = [clients.ours, clients.bare];
  for (let i = 0; i < ${CALLS}; i++) for (const client of both) await call(client, 1);
  for (let i = 0; i < ${BURSTS}; i++) for (const client of both) await call(client, ${AT_ONCE});
  const report = ({ sent, received }) => ({ sent, received });
  console.log(JSON.stringify({ ours: report(clients.ours), bare: report(clients.bare) }));
}
process.stdin.on('end', () => process.exit()).resume();
`;

/** The moments of one client's calls, by their number (ms of the monotonic clock). */
interface Moments {
  /** The call was written to the socket. */
  sent: number[];
  /** The flow, or the bare client's listener, has it. */
  called: number[];
  /** The answer was handed over. */
  answered: number[];
  /** It arrived at the other end of the socket. */
  received: number[];
}

const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** What Node-RED and the nodes add to a call of the model and to its answer, against a bare socket, in turns. */
export async function rows(): Promise<Row[]> {
  const peer = spawn(process.execPath, ['-e', PEER, require.resolve('ws')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const bare: Moments = { sent: [], called: [], answered: [], received: [] };
  let nodeRed: NodeRed | undefined;
  let socket: WebSocket | undefined;
  try {
    nodeRed = await NodeRed.start({ settings: { debugMaxLength: 1_000_000 } });
    const lines = linesOf(peer);
    const port = Number((await lines.next()).value);
    const comms = await nodeRed.events();
    await nodeRed.deploy(flow(`http://127.0.0.1:${port}`));
    socket = bareClient(port, bare);
    const { value: line } = await lines.next();
    if (!line) throw new Error('The other process ended before all calls were answered.');
    const service = JSON.parse(line) as { ours: Partial<Moments>; bare: Partial<Moments> };
    await nodeRed.inject('bench-report');
    const { msg } = await comms.debugged(({ id }) => id === 'bench-debug');
    const ours = JSON.parse(String(msg.payload)) as Partial<Moments>;
    return table({ ...service.ours, ...ours } as Moments, { ...bare, ...service.bare } as Moments);
  } finally {
    socket?.terminate();
    await nodeRed?.stop();
    peer.kill();
  }
}

function table(ours: Moments, bare: Moments): Row[] {
  const single = (from: number[], to: number[]): number[] => delays(from, to).slice(WARM_UP, CALLS);
  const way = `one after the other; bare ws in the same run`;
  const compared = (name: string, from: keyof Moments, to: keyof Moments, how: string): Row => {
    const [mine, theirs] = [single(ours[from], ours[to]), single(bare[from], bare[to])];
    return row(name, 'ms', mine, `${p99(mine)}; ${mine.length} calls ${how}, ${against(mine, theirs)}`);
  };
  const [mine, theirs] = [bursts(ours), bursts(bare)];
  const each = delays(ours.sent, ours.received).slice(CALLS + BURST_WARM_UP * AT_ONCE);
  return [
    compared('tool call, socket → output of the tools node', 'sent', 'called', way),
    compared('tool answer, response node → socket', 'answered', 'received', way),
    row(
      `${AT_ONCE} tool calls at once → the last answer`,
      'ms',
      mine,
      `${mine.length} messages with ${AT_ONCE} calls each, every call answered once; for one call p50 ${median(each).toFixed(2)}, ${p99(each)}; ${against(mine, theirs)}`,
    ),
  ];
}

/** A median against that of the bare socket. */
function against(mine: number[], theirs: number[]): string {
  const ratio = median(mine) / median(theirs);
  return `median ${ratio.toFixed(2)} × bare ws (${median(theirs).toFixed(2)}, p99 ${percentile99(theirs).toFixed(2)})`;
}

const median = (values: number[]): number => row('', '', values, '').median;

function delays(from: number[], to: number[]): number[] {
  const total = CALLS + BURSTS * AT_ONCE;
  const complete = from.length === total && from.every((_at, i) => Number.isFinite(to[i]));
  if (!complete) throw new Error(`Not all of ${total} calls went all the way: the figures would flatter.`);
  return from.map((at, i) => to[i]! - at);
}

/** From a message with many calls to the last of their answers. */
function bursts(moments: Moments): number[] {
  const each = delays(moments.sent, moments.received).slice(CALLS);
  return Array.from({ length: BURSTS }, (_, i) =>
    Math.max(...each.slice(i * AT_ONCE, (i + 1) * AT_ONCE)),
  ).slice(BURST_WARM_UP);
}

/** Notes when a call comes out of the tools node and answers it at once; when it is asked, it tells the moments. */
const HOME = `
const now = () => Number(process.hrtime.bigint()) / 1e6;
const moments = context.get('moments') ?? { called: [], answered: [] };
if (msg.topic === 'report') return [null, { payload: JSON.stringify(moments) }];
const { brightness } = msg.payload;
moments.called[brightness] = now();
context.set('moments', moments);
msg.payload = { light: 'on' };
moments.answered[brightness] = now();
return [msg, null];
`;

/** Tools node → a home that obeys at once → response node. */
function flow(url: string): FlowNode[] {
  const parameters = {
    type: 'object',
    properties: {
      room: { type: 'string', enum: ['kitchen', 'bedroom', 'living room'] },
      on: { type: 'boolean' },
      brightness: { type: 'number' },
    },
    required: ['room', 'on'],
  };
  const functions = [{ name: 'set_light', description: 'Switches a light.', parameters }];
  const config = 'bench-config';
  const node = (id: string, type: string, fields: object, wires: string[][]): FlowNode => ({
    id: `bench-${id}`,
    type,
    z: 'bench-tab',
    x: 100,
    y: 100,
    ...fields,
    wires: wires.map((ids) => ids.map((to) => `bench-${to}`)),
  });
  return [
    { id: 'bench-tab', type: 'tab', label: 'bench' },
    { id: config, type: 'gemini-live-config', name: '', endpoint: 'custom', url, model: '' },
    node('session', 'gemini-live-session', { config, connect: 'deploy', realtime: true }, [[], [], []]),
    node(
      'tools',
      'gemini-live-tools',
      { config, session: '', functions, outputs: 2, inputs: 0, version: 1 },
      [['home'], []],
    ),
    node('home', 'function', { func: HOME, outputs: 2, libs: [{ var: 'process', module: 'process' }] }, [
      ['answer'],
      ['debug'],
    ]),
    node('answer', 'gemini-live-tool-response', {}, []),
    node('report', 'inject', { props: [{ p: 'topic', vt: 'str' }], topic: 'report', repeat: '' }, [['home']]),
    node('debug', 'debug', { active: true, tosidebar: true, complete: 'payload', targetType: 'msg' }, []),
  ];
}

/** The least that a program must do: parse the call, write the answer. */
function bareClient(port: number, { called, answered }: Moments): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  socket.on('open', () => socket.send(JSON.stringify({ setup: { bare: true } })));
  socket.on('message', (data: Buffer) => {
    const { toolCall } = JSON.parse(data.toString()) as {
      toolCall?: { functionCalls: { id: string; name: string; args: { brightness: number } }[] };
    };
    for (const { id, name, args } of toolCall?.functionCalls ?? []) {
      called[args.brightness] = now();
      answered[args.brightness] = now();
      const functionResponses = [{ id, name, response: { light: 'on' } }];
      socket.send(JSON.stringify({ toolResponse: { functionResponses } }));
    }
  });
  return socket;
}

async function* linesOf(peer: ChildProcess): AsyncGenerator<string> {
  let text = '';
  for await (const piece of peer.stdout!) {
    text += String(piece);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}
