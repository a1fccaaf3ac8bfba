import { mintToken } from '../../live/auth';
import { EXIT, Failure } from './failure';
import type { TokenOptions } from './options';
import { keyOf, modelOf } from './place';
import { Screen, type World } from './screen';

/** `gemini-live token`: makes an ephemeral token. @returns the exit code */
export async function token(options: TokenOptions, world: World): Promise<number> {
  const screen = new Screen(world, options.json);
  const key = await keyOf(options, world.env);
  if (!key) {
    throw new Failure(
      EXIT.usage,
      'A token is made from an API key, and there is none.',
      'Set GEMINI_API_KEY, or use --key-file FILE.',
    );
  }
  const model = modelOf(options, world.env);
  // A URL stands for a service of its own; every other word for Google's.
  const baseUrl = /^\w+:\/\//.test(options.endpoint) ? options.endpoint : world.env['GOOGLE_GEMINI_BASE_URL'];
  const minted = await mintToken({
    apiKey: key.value,
    uses: options.uses,
    expireMs: options.minutes * 60_000,
    newSessionExpireMs: options['start-within'] * 1000,
    timeoutMs: options.timeout * 1000,
    ...(baseUrl && { baseUrl }),
    ...(options.lock && { constraints: { model } }),
    ...(options.proxy !== undefined && {
      network: { proxy: options.proxy === 'none' ? (false as const) : options.proxy },
    }),
  });
  if (options.json) screen.result(minted);
  else {
    screen.print(minted.token);
    const bound = options.lock ? ` with ${model}` : '';
    screen.note(
      `Sessions${bound} can be opened until ${minted.newSessionExpireTime ?? 'its end'}, and last until ${minted.expireTime ?? 'its end'}.`,
    );
  }
  return EXIT.ok;
}
