import { LiveError, LiveSession } from '../../live';
import { chatConfig } from './config';
import { asFailure, EXIT } from './failure';
import type { ConnectOptions } from './options';
import { modelOf, openPlace } from './place';
import { Screen, type World } from './screen';
import { onStop } from './signals';

/** `gemini-live check`: connects once and says what happened. @returns the exit code */
export async function check(options: ConnectOptions, world: World): Promise<number> {
  const screen = new Screen(world, options.json);
  const place = await openPlace(options, world.env);
  const model = modelOf(options, world.env);
  const session = new LiveSession({
    endpoint: place.endpoint,
    model,
    config: await chatConfig({}),
    setupTimeoutMs: options.timeout * 1000,
    recovery: false,
  });
  let stopped: number | undefined;
  const off = onStop((code) => {
    stopped ??= code;
    void session.close();
  }, world.out);
  const begun = performance.now();
  let openedAt = begun;
  session.on('state', ({ to }) => {
    if (to === 'setup') openedAt = performance.now();
  });
  session.on('warning', ({ message }) => screen.note(`warning: ${message}`));
  const about = { endpoint: place.words, model };
  try {
    screen.note(`Connecting to ${place.words}. Model: ${model}.`);
    await session.connect();
    const connectMs = Math.round(openedAt - begun);
    const setupMs = Math.round(performance.now() - openedAt);
    if (options.json) screen.result({ ok: true, ...about, connectMs, setupMs });
    else
      screen.print(
        `All is well: connected after ${connectMs} ms, and the setup was accepted ${setupMs} ms later.`,
      );
    return EXIT.ok;
  } catch (error) {
    if (stopped !== undefined) return stopped;
    const { exitCode, message, advice } = asFailure(error);
    if (options.json) {
      const code = error instanceof LiveError ? error.code : 'FAILED';
      screen.result({ ok: false, ...about, code, message, advice });
    } else screen.print(`It does not work: ${message.replace(/\.+$/, '')}.${advice ? `\n${advice}` : ''}`);
    return exitCode;
  } finally {
    await session.close();
    await place.release();
    off();
  }
}
