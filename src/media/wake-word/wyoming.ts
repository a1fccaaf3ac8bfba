import { MediaError } from '../errors';
import type { WakeWordService } from './service';
import { WyomingEar, type WyomingTimes } from './wyoming-ear';

/** Port of openWakeWord, the usual service. */
const PORT = 10_400;

/** Options of {@link wyoming}. */
export interface WyomingOptions extends WyomingTimes {
  /** Where it listens: `tcp://host:port`; without a port 10400. */
  readonly url: string;
  /**
   * Words to listen for, by the service's names or as they are spoken (`ok_nabu`, `OK Nabu`). Default: those that the service
   * listens for by itself.
   */
  readonly names?: readonly string[];
}

/**
 * A wake-word service that speaks the Wyoming protocol, such as openWakeWord or microWakeWord: the one of Home Assistant, on
 * this machine or another. The microphone's sound goes there as it is, unencrypted: keep it in your own network.
 *
 * Each ear is a connection of its own, which is replaced when it breaks or the service stalls.
 *
 * @throws MediaError `BAD_INPUT` when the URL is none
 */
export function wyoming(options: WyomingOptions): WakeWordService {
  const place = placeOf(options?.url);
  const name = `Wyoming ${place.host}:${place.port}`;
  const names = (options.names ?? []).filter((word) => word.trim() !== '');
  return { name, listen: (hooks) => new WyomingEar({ ...options, ...place, name, names }, hooks) };
}

function placeOf(text: string): { host: string; port: number } {
  const advice = 'Give it as "tcp://host:10400".';
  // It is not repeated in the message: it may hold what was meant to be secret.
  const bad = (what: string): MediaError =>
    new MediaError('BAD_INPUT', `The address of the wake-word service ${what}. ${advice}`);
  if (!URL.canParse(text)) throw bad('is no URL');
  const { protocol, hostname, port, username, password } = new URL(text);
  if (protocol !== 'tcp:') throw bad('must begin with "tcp://"');
  if (username || password) throw bad('has a user or a password, which Wyoming does not know');
  if (!hostname) throw bad('names no host');
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || PORT) };
}
