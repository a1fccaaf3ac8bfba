import { readFile } from 'node:fs/promises';
import { parseRecording, RecordingError, type Recording } from '../../protocol';

const REASONS: Record<string, string> = {
  ENOENT: 'it does not exist. Check the name',
  EISDIR: 'it is a folder. Name a file in it',
  EACCES: 'this program may not read it. Change its permissions',
};

/**
 * Reads a recording from a file.
 * @throws RecordingError that names the file, and the line if one is wrong
 */
export async function readRecording(file: string): Promise<Recording> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new RecordingError(`The recording ${file} cannot be read: ${REASONS[code] ?? message}.`);
  }
  try {
    return parseRecording(text);
  } catch (error) {
    if (error instanceof RecordingError) throw new RecordingError(`${file}: ${error.message}`);
    throw error;
  }
}
