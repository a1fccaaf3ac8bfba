import { once } from 'node:events';
import type { Recording } from '../protocol';
import { Player, readRecording, type PlayOptions } from './player';
import { startServer } from './start';

/** A recording that is being played; see {@link playRecording}. */
export interface PlayedRecording {
  /** Base URL for clients. */
  readonly url: string;
  readonly player: Player;
  /**
   * Waits until every connection of the recording was played and its client is gone.
   * @throws Error that lists in words how the client differed from the recording, or that it did not come to an end
   */
  verified(timeoutMs?: number): Promise<void>;
  /** Ends the server. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 60_000;

/**
 * Makes a test out of a recording: serves it as fast as the client allows, and tells in what the client differs from the
 * recorded one.
 *
 * ```ts
 * const played = await playRecording('talk.jsonl');
 * const session = new LiveSession({ endpoint: { backend: 'local', baseUrl: played.url }, …});
 * … say and answer what was said and answered in the recording …
 * await session.close();
 * await played.verified();
 * await played.close();
 * ```
 *
 * @param recording path of a file, or a recording that was read
 * @param options default `{ speed: 0, verify: true }`
 * @throws RecordingError, ServerError
 */
export async function playRecording(
  recording: string | Recording,
  options: PlayOptions = {},
): Promise<PlayedRecording> {
  const read = typeof recording === 'string' ? await readRecording(recording) : recording;
  const player = new Player(read, { speed: 0, verify: true, ...options });
  const server = await startServer({ player });
  return {
    url: server.url,
    player,
    verified: async (timeoutMs = TIMEOUT_MS) => {
      const signal = AbortSignal.timeout(timeoutMs);
      while (!player.finished) {
        await once(player, 'played', { signal }).catch(() => {});
        if (!player.finished && signal.aborted) {
          throw failure([...player.differences, `It did not come to its end within ${timeoutMs / 1000} s.`]);
        }
      }
      if (player.differences.length > 0) throw failure(player.differences);
    },
    close: () => server.close(),
  };
}

const failure = (differences: string[]): Error =>
  new Error(`The client differs from the recording:\n${differences.map((text) => `- ${text}`).join('\n')}`);
