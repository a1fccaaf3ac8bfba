import { readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DEFAULT_MODEL } from '../src/protocol';
import { type DeviceState, type Home, startHome } from '../test/support/home';
import { NodeRed } from '../test/support/node-red';
import { packedPackage } from '../test/support/package';
import { demoFlow } from './demo/flow';
import { type DemoOptions, readOptions, USAGE, UsageError } from './demo/options';
import { type Answer, type Exchange, type ToolCall, Watch } from './demo/watch';

/** Longest wait for an answer (ms): a spoken request, the service's thinking, a spoken answer. */
const ANSWER_MS = { local: 40_000, gemini: 60_000 };

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) return console.log(USAGE);
  const stopped = stopSignal();
  console.log('Building and packing the package …');
  await packedPackage();
  if (stopped.signal.aborted) return;
  console.log('Starting Node-RED with it, and a simulated home …\n');
  const home = await startHome();
  try {
    const nodeRed = await NodeRed.start({ env: options.apiKey ? { GEMINI_API_KEY: options.apiKey } : {} });
    try {
      await Promise.race([converse(nodeRed, home, options, stopped.signal), aborted(stopped.signal)]);
    } finally {
      await nodeRed.stop();
    }
  } finally {
    await home.close();
  }
}

async function converse(
  nodeRed: NodeRed,
  home: Home,
  options: DemoOptions,
  stop: AbortSignal,
): Promise<void> {
  const flow = await demoFlow(options, home);
  const comms = await nodeRed.events();
  const watch = new Watch(comms);
  watch.on('failed', () => undefined); // heard where it is waited for
  watch.on('said', (role: string, text: string) => say(role === 'user' ? 'heard' : role, `"${text}"`));
  watch.on('called', (call: ToolCall) => describeCall(call));
  home.on('change', (name: string, state: DeviceState, before: DeviceState) =>
    say('device', `${name} ${changeOf(state, before)}`),
  );
  watch.on('exchange', (exchange: Exchange) => describe(exchange, options));
  watch.on('answer', ({ file, durationMs }: Answer) => say('answer', `${file} (${seconds(durationMs)})`));

  say('editor', nodeRed.url);
  say('endpoint', options.endpoint === 'local' ? 'local rehearsal server, no key' : 'Gemini API');
  say('home', `${Object.keys(home.devices).length} simulated devices, MQTT on port ${home.port}`);
  await nodeRed.deploy(flow.nodes);
  await comms.status(({ id, text = '' }) => id === flow.devicesId && /\bconnected$/.test(text));
  say('asking', options.ask ?? 'with a recording of this package');
  const conversation = watch.conversation(ANSWER_MS[options.endpoint]);
  conversation.catch(() => undefined); // awaited below, after the request
  await nodeRed.inject(flow.buttonId);
  const { exchange, answer } = await conversation.catch((error: Error) => {
    if (!nodeRed.alive) error.message += ` Its last words:\n${nodeRed.log.slice(-15).join('\n')}`;
    throw error;
  });
  if (options.out) {
    const model = flow.model || DEFAULT_MODEL;
    await keep(options.out, { exchange, answer, model, toolCalls: watch.toolCalls, home }, options);
  }
  if (options.once) return;

  console.log(
    `\nOpen ${nodeRed.url} in a browser and press the button again, or change the flow. Ctrl-C ends it all.`,
  );
  if (!options.out) console.log('The answer goes with it; --out DIR keeps it.');
  // Ctrl-C reaches Node-RED as well, which then ends before this does.
  watch.on('failed', (error: Error) => stop.aborted || say('error', error.message));
  await aborted(stop);
}

function describe({ hearing, timeToFirstAudioMs }: Exchange, { endpoint }: DemoOptions): void {
  if (hearing) {
    const { recognizer, score, accepted } = hearing;
    const sure = accepted ? 'sure' : 'not sure';
    say('hearing', `${recognizer}, score ${score.toFixed(3)} (lower is closer), ${sure}`);
  } else if (endpoint === 'gemini') say('hearing', 'Gemini');
  if (timeToFirstAudioMs !== undefined)
    say('timing', `first audio ${Math.round(timeToFirstAudioMs)} ms after the end of the request`);
}

function describeCall({ name, args, response, ms }: ToolCall): void {
  say('call', `${name} ${JSON.stringify(args)} → ${JSON.stringify(response)} (${ms} ms)`);
}

/** What is different, as `OFF → ON`; with the name of the value where that is not its state. */
function changeOf(state: DeviceState, before: DeviceState): string {
  return Object.keys(state)
    .filter((key) => state[key] !== before[key])
    .map((key) => `${key === 'state' ? '' : `${key} `}${before[key]} → ${state[key]}`)
    .join(', ');
}

/** What there is to keep of a conversation. */
interface Kept {
  exchange: Exchange;
  answer: Answer;
  model: string;
  toolCalls: ToolCall[];
  home: Home;
}

/** Leaves `reply.wav` and `conversation.json` in the folder. */
async function keep(
  folder: string,
  { exchange, answer, model, toolCalls, home }: Kept,
  { endpoint }: DemoOptions,
): Promise<void> {
  await copyFile(answer.file, path.join(folder, 'reply.wav'));
  const { user, model: text, hearing, timeToFirstAudioMs } = exchange;
  const conversation = {
    turns: [
      { role: 'user', text: user },
      { role: 'model', text },
    ],
    heard: hearing
      ? { recognizer: hearing.recognizer, score: hearing.score }
      : { recognizer: endpoint, score: null },
    timeToFirstAudioMs,
    model,
    endpoint,
    toolCalls,
    devices: home.devices,
  };
  const target = path.join(folder, 'conversation.json');
  await writeFile(target, `${JSON.stringify(conversation, undefined, 2)}\n`);
  say('kept', `${path.join(folder, 'reply.wav')} and ${target}`);
}

function say(label: string, text: string): void {
  console.log(`${label.padEnd(9)} ${text}`);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Ctrl-C, an end from outside, or the end of the shell or npm that started this. */
function stopSignal(): AbortController {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  const before = starters();
  setInterval(() => starters() !== before && stop(), 500).unref();
  return stopped;
}

/** Who started this: npm, and the shell between, which does not end with it. What has lost its parent gets another. */
function starters(): string {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
  } catch {
    return String(process.ppid); // no such files here, or no parent any more
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`\n${error instanceof UsageError ? message : `The demo failed: ${message}`}`);
  process.exitCode = 1;
});
