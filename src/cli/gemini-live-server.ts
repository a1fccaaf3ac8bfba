#!/usr/bin/env node
/** `gemini-live-server`: the local Live server as a command. */
import { parseArgs } from 'node:util';
import { ScenarioError, ServerError, startServer, type LocalLiveServer } from '../server';

const USAGE = `Usage: gemini-live-server [--port N] [--scenario FILE] [--host ADDRESS] [--verbose]

A local server that speaks Gemini's Live protocol and answers by the rules of a scenario. No key is needed.

  --port N         port to listen on (default: any free one)
  --scenario FILE  scenario file, or the name of a shipped one (default: assistant)
  --host ADDRESS   address to listen on (default: 127.0.0.1, this machine only)
  --verbose        also show connections, closes and errors in full
  --help           show this text
`;

const OPTIONS = {
  port: { type: 'string', default: '0' },
  scenario: { type: 'string', default: 'assistant' },
  host: { type: 'string', default: '127.0.0.1' },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** What a client said goes to a terminal: as one quoted line, without control characters. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f]/g, '');
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
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
  server.on('problem', ({ connection, error }) => {
    const detail = error instanceof Error ? (verbose ? error.stack : error.message) : String(error);
    process.stderr.write(`#${connection} failed: ${detail}\n`);
  });
  if (!verbose) return;
  server.on('connection', ({ connection, model, route }) =>
    log(`#${connection} connected: ${quoted(model)} (${route.backend} ${route.apiVersion})`),
  );
  server.on('close', ({ connection, by, code, reason }) =>
    log(`#${connection} closed by the ${by}: ${code}${reason && ` ${quoted(reason)}`}`),
  );
}

function stopOnSignal(server: LocalLiveServer): void {
  const stop = (): void => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    void server.close();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

/** @returns the exit code when there is nothing (more) to run */
async function main(args: string[]): Promise<number | undefined> {
  let options;
  try {
    options = parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    const port = options.port.trim() === '' ? NaN : Number(options.port);
    const server = await startServer({ port, host: options.host, scenario: options.scenario });
    log(`Local Gemini Live server on ${server.url} (scenario ${options.scenario}). Ctrl-C ends it.`);
    show(server, options.verbose);
    stopOnSignal(server);
    return undefined;
  } catch (error) {
    const known = error instanceof ServerError || error instanceof ScenarioError;
    const detail =
      error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`gemini-live-server: ${detail}\n`);
    return 1;
  }
}

void main(process.argv.slice(2)).then((code) => {
  if (code !== undefined) process.exitCode = code;
});
