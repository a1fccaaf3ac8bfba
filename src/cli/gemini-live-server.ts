#!/usr/bin/env node
/** `gemini-live-server`: the local Live server as a command. */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { RecordingError } from '../protocol';
import {
  FAULT_NAMES,
  parseFault,
  ScenarioError,
  ServerError,
  startServer,
  type LocalLiveServer,
  type ServerOptions,
} from '../server';

/** Words in lines that fit a terminal. */
function wrapped(words: readonly string[]): string {
  return words.join(', ').replace(/(.{60,85},) /g, '$1\n        ');
}

const USAGE = `Usage: gemini-live-server [options]

A local server that speaks Gemini's Live protocol and answers by the rules of a scenario. No key is needed.

  --port N          port to listen on (default: any free one)
  --scenario FILE   scenario file, or the name of a shipped one (default: assistant)
  --host ADDRESS    address to listen on (default: 127.0.0.1, this machine only)
  --verbose         also show connections, closes and errors in full
  --help            show this text

To rehearse what goes wrong:

  --clock N         speed of time, 10 plays an answer and all limits in a tenth of their time (default: 1)
  --connection S    length of a connection in seconds, goAway comes before its end (default: 600, 0 = no limit)
  --session S       length of a conversation without context compression in seconds (default: 900, 0 = no limit)
  --go-away S       each connection is warned with goAway after S seconds, and ended
  --fault NAME[=VALUE]  a fault, as often as you like: fragmented, badFrame=3, goAway={"afterTurns":2}
                    quote values in a shell: --fault 'httpStatus={"status":429}'
  --interactive     take commands while it runs: goaway [TIME], drop, close CODE [REASON], each with Enter
  --play FILE       play a recording back instead of a scenario
  --speed N         speed of the recording (default: 1, 0 = as fast as the client allows)

Faults: ${wrapped(FAULT_NAMES)}
`;

const OPTIONS = {
  port: { type: 'string', default: '0' },
  scenario: { type: 'string', default: 'assistant' },
  host: { type: 'string', default: '127.0.0.1' },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  clock: { type: 'string' },
  connection: { type: 'string' },
  session: { type: 'string' },
  'go-away': { type: 'string' },
  fault: { type: 'string', multiple: true },
  interactive: { type: 'boolean', default: false },
  play: { type: 'string' },
  speed: { type: 'string' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** What a client said goes to a terminal: as one quoted line, without control characters. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f]/g, '');
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** @throws ServerError for text that is no number */
function number(name: keyof Values, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? NaN : Number(text);
  if (value >= 0) return value;
  throw new ServerError('BAD_OPTION', `--${name} takes a number from 0 up, not "${text}".`);
}

/** Options without the entries that were not given. */
function given<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function serverOptions(values: Values): ServerOptions {
  const seconds = (name: keyof Values, text: string | undefined): number | undefined => {
    const value = number(name, text);
    return value === undefined ? undefined : value * 1000;
  };
  const goAwayMs = seconds('go-away', values['go-away']);
  return {
    port: values.port.trim() === '' ? NaN : Number(values.port),
    host: values.host,
    limits: given({
      connectionMs: seconds('connection', values.connection),
      sessionMs: seconds('session', values.session),
    }) as ServerOptions['limits'],
    faults: Object.assign(
      goAwayMs === undefined ? {} : { goAway: { afterMs: goAwayMs } },
      ...(values.fault ?? []).map(parseFault),
    ) as ServerOptions['faults'],
    ...given({ clock: number('clock', values.clock), speed: number('speed', values.speed) }),
    ...(values.play === undefined ? { scenario: values.scenario } : { recording: values.play }),
  };
}

function show(server: LocalLiveServer, verbose: boolean): void {
  server.on('heard', ({ connection, text, accepted, recognizer, score }) => {
    if (recognizer === 'text') return log(`#${connection} read ${quoted(text)}`);
    const how = recognizer === 'dtw' ? `${recognizer}, distance ${score.toFixed(2)}` : recognizer;
    const what = accepted ? `heard ${quoted(text)}` : `did not recognise it (nearest: ${quoted(text)})`;
    log(`#${connection} ${what} [${how}]`);
  });
  server.on('reply', ({ connection, text, source }) =>
    log(`#${connection} said ${quoted(text)} [${source}]`),
  );
  server.on('toolCall', ({ connection, id, name, args }) =>
    log(`#${connection} calls ${quoted(name)} with ${quoted(JSON.stringify(args))} [${id}]`),
  );
  server.on('toolResponse', ({ connection, id, outcome, response }) =>
    log(`#${connection} was answered ${quoted(JSON.stringify(response))} [${quoted(id)}, ${outcome}]`),
  );
  server.on('problem', ({ connection, error }) => {
    const detail = error instanceof Error ? (verbose ? error.stack : error.message) : String(error);
    process.stderr.write(`#${connection} failed: ${detail}\n`);
  });
  if (!verbose) return;
  server.on('connection', ({ connection, model, route }) =>
    log(`#${connection} connected: ${quoted(model)} (${route.backend} ${route.apiVersion})`),
  );
  server.on('resumed', ({ connection, from }) => log(`#${connection} goes on where #${from} stopped`));
  server.on('close', ({ connection, by, code, reason }) =>
    log(`#${connection} closed by the ${by}: ${code}${reason && ` ${quoted(reason)}`}`),
  );
}

/** Says which wordings can only be typed on this machine. */
function showDeaf({ deaf }: LocalLiveServer): void {
  if (deaf.length === 0) return;
  log('No speech synthesiser was found to learn these wordings from; they can only be typed:');
  for (const wording of deaf) log(`  ${wording}`);
}

/**
 * Carries out what is typed. Only when asked to, because a shell stops a program in the background that reads.
 * @returns the way to stop listening
 */
function takeCommands(server: LocalLiveServer): () => void {
  process.stdin.on('error', () => {});
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const [command, ...words] = line.trim().split(/\s+/);
    const code = Number(words[0]);
    if (command === 'goaway') server.goAway(words[0]);
    else if (command === 'drop') server.dropAll();
    else if (command === 'close' && code >= 1000 && code < 5000) {
      server.closeAll({ code, reason: words.slice(1).join(' ') });
    } else if (command) log('Commands: goaway [TIME], drop, close CODE [REASON].');
  });
  return () => {
    lines.close();
    process.stdin.destroy();
  };
}

function stopOnSignal(server: LocalLiveServer, also: () => void): void {
  const stop = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    also();
    void server.close();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

/** @returns the exit code when there is nothing (more) to run */
async function main(args: string[]): Promise<number | undefined> {
  let values: Values;
  try {
    values = parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    const server = await startServer(serverOptions(values));
    const what = values.play === undefined ? `scenario ${values.scenario}` : `recording ${values.play}`;
    log(`Local Gemini Live server on ${server.url} (${what}). Ctrl-C ends it.`);
    showDeaf(server);
    show(server, values.verbose);
    stopOnSignal(server, values.interactive ? takeCommands(server) : () => {});
    return undefined;
  } catch (error) {
    const known = [ServerError, ScenarioError, RecordingError].some((kind) => error instanceof kind);
    const detail =
      error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`gemini-live-server: ${detail}\n`);
    return 1;
  }
}

void main(process.argv.slice(2)).then((code) => {
  if (code !== undefined) process.exitCode = code;
});
