import { chat } from './chat';
import { check } from './check';
import { asFailure, EXIT, seeHelp, usageError } from './failure';
import { chatOptions, checkOptions, replayOptions, tokenOptions, type Parsed } from './options';
import { replay } from './replay';
import type { World } from './screen';
import { token } from './token';
import { CHAT_USAGE, CHECK_USAGE, REPLAY_USAGE, TOKEN_USAGE, USAGE } from './usage';
import { version } from './version';

const COMMANDS: Readonly<Record<string, (args: string[], world: World) => Promise<number>>> = {
  chat: command(chatOptions, CHAT_USAGE, chat),
  check: command(checkOptions, CHECK_USAGE, check),
  token: command(tokenOptions, TOKEN_USAGE, token),
  replay: command(replayOptions, REPLAY_USAGE, replay),
};

function command<T>(
  parse: (args: string[]) => Parsed<T>,
  usage: string,
  run: (options: T, world: World) => Promise<number>,
): (args: string[], world: World) => Promise<number> {
  return async (args, world) => {
    const parsed = parse(args);
    if (!parsed.help) return run(parsed.options, world);
    world.out.write(usage);
    return EXIT.ok;
  };
}

/** `gemini-live`. Whatever happens, it resolves with the exit code, and has said why. */
export async function main(args: string[], world: World): Promise<number> {
  try {
    return await dispatch(args, world);
  } catch (error) {
    const { message, advice: given, exitCode } = asFailure(error);
    const advice = given === seeHelp() ? seeHelp(args[0]) : given;
    world.err.write(`gemini-live: ${message}${advice ? `\n${advice}` : ''}\n`);
    return exitCode;
  }
}

function dispatch([name = '', ...args]: string[], world: World): Promise<number> | number {
  if (/^(--help|-h|help)$/.test(name)) {
    world.out.write(USAGE);
    return EXIT.ok;
  }
  if (/^(--version|-v)$/.test(name)) {
    world.out.write(`${version()}\n`);
    return EXIT.ok;
  }
  const run = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (run) return run(args, world);
  throw usageError(name === '' ? 'Which command?' : `There is no command "${name}".`, USAGE);
}
