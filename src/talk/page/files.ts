import type { Connection } from './connection';
import { FromClient } from '../wire';

/** Bytes of a piece. */
const PIECE = 65_536;
/** So much may wait in the socket (bytes), so that talking and stopping are not held up by a long file. */
const WAITING = 262_144;
/** The largest recording that the hub takes (bytes): hours as Opus, ten minutes as WAV. */
export const LARGEST = 20 * 1024 * 1024;
/** What the browser cannot tell of some files, by the end of their name. */
const TYPES: Record<string, string> = {
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  webm: 'audio/webm',
  flac: 'audio/flac',
  aac: 'audio/aac',
};

/** Media type of a recording. @returns nothing when it is none */
export function soundType(file: File): string | undefined {
  if (/^(audio|video)\//.test(file.type)) return file.type;
  return TYPES[file.name.toLowerCase().split('.').pop() ?? ''];
}

/**
 * Sends a recorded file in pieces.
 * @returns whether all of it went out: the connection may be lost on the way
 */
export async function sendFile(
  connection: Connection,
  file: File,
  mime: string,
  progress: (share: number) => void,
): Promise<boolean> {
  const { name, size: bytes } = file;
  connection.send({ type: 'file', mime, name, bytes });
  for (let at = 0; at < bytes; at += PIECE) {
    const piece = new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
    while (connection.open && connection.buffered > WAITING) await pause();
    if (!connection.open) return false;
    connection.sendBinary(FromClient.file, 0, piece);
    progress(Math.min(1, (at + PIECE) / bytes));
  }
  connection.send({ type: 'file-end' });
  return connection.open;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
