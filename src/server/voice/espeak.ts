import { execFile } from 'node:child_process';

const TIMEOUT_MS = 10_000;
const LARGEST_BYTES = 32 * 1024 * 1024;

/**
 * Speaks with the `espeak-ng` command.
 *
 * @param voice a voice name such as `en-us` or `en-gb+f2`
 * @returns a WAV file; nothing when the command is not installed or fails
 */
export function speakWithEspeak(text: string, voice = 'en-us'): Promise<Buffer | undefined> {
  const options = { encoding: 'buffer', timeout: TIMEOUT_MS, maxBuffer: LARGEST_BYTES } as const;
  return new Promise((resolve) => {
    const child = execFile('espeak-ng', ['-v', voice, '--stdin', '--stdout'], options, (error, wav) =>
      resolve(error || wav.length === 0 ? undefined : wav),
    );
    // Nobody reads when the command is missing; that failure is reported above.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(text);
  });
}
