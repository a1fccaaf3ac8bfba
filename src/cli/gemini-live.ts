#!/usr/bin/env node
/** `gemini-live`: talk with a model, check an endpoint, make a token, play a recording. See docs/cli.md. */
import { chat } from './chat/chat';
import { check } from './chat/check';
import { asFailure, EXIT, usageError } from './chat/failure';
import { chatOptions, checkOptions, replayOptions, tokenOptions, type Parsed } from './chat/options';
import { replay } from './chat/replay';
import { token } from './chat/token';
import { CHAT_USAGE, CHECK_USAGE, REPLAY_USAGE, TOKEN_USAGE, USAGE } from './chat/usage';
import { version } from './chat/version';

/** Things that a user's tool left running must not hold the terminal (ms). */
const LINGER_MS = 1000;

const streams = { out: process.stdout, err: process.stderr };

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  chat: command(chatOptions, CHAT_USAGE, (options) => chat(options, streams, process.stdin)),
  check: command(checkOptions, CHECK_USAGE, (options) => check(options, streams)),
  token: command(tokenOptions, TOKEN_USAGE, (options) => token(options, streams)),
  replay: command(replayOptions, REPLAY_USAGE, (options) => replay(options, streams)),
};

function command<T>(
  parse: (args: string[]) => Parsed<T>,
  usage: string,
  run: (options: T) => Promise<number>,
): (args: string[]) => Promise<number> {
  return async (args) => {
    const parsed = parse(args);
    if (!parsed.help) return run(parsed.options);
    process.stdout.write(usage);
    return EXIT.ok;
  };
}

async function main([name = '', ...args]: string[]): Promise<number> {
  if (/^(--help|-h|help)$/.test(name)) {
    process.stdout.write(USAGE);
    return EXIT.ok;
  }
  if (/^(--version|-v)$/.test(name)) {
    process.stdout.write(`${version()}\n`);
    return EXIT.ok;
  }
  const run = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (run) return run(args);
  throw usageError(name === '' ? 'Which command?' : `There is no command "${name}".`, USAGE);
}

void main(process.argv.slice(2))
  .catch((error: unknown) => {
    const { message, advice, exitCode } = asFailure(error);
    process.stderr.write(`gemini-live: ${message}${advice ? `\n${advice}` : ''}\n`);
    return exitCode;
  })
  .then((code) => {
    process.exitCode = code;
    setTimeout(() => process.exit(), LINGER_MS).unref();
  });
