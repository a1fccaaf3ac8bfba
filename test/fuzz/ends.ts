import type { Random } from '../support/random';
import type { HostileServer } from './hostile-server';

/** Codes with which a service closes, and some that nobody expects. */
const CODES = [1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4999];
const REASONS = [
  '',
  'Deadline expired before operation could complete.',
  'Internal error encountered.',
  'Operation is not implemented, or supported, or enabled.',
  'Requested entity was not found',
  'Request contains an invalid argument.',
  'The service is currently unavailable.',
  'x'.repeat(123),
  'ü'.repeat(61),
];

type End = (server: HostileServer, random: Random) => void;

const socketOf = (server: HostileServer): { write(bytes: Buffer): unknown } | undefined =>
  (server.current as unknown as { _socket?: { write(bytes: Buffer): unknown } } | undefined)?._socket;

/** Ways in which a connection ends, polite ones and others. */
export const ENDS: readonly End[] = [
  (server, random) => server.current?.close(random.pick(CODES), random.pick(REASONS)),
  (server) => server.current?.terminate(),
  // No WebSocket frame at all, in the middle of the TCP stream.
  (server, random) => socketOf(server)?.write(random.bytes(1 + random.below(300))),
  // A text frame that is not UTF-8.
  (server) => socketOf(server)?.write(Buffer.from([0x81, 0x02, 0xc3, 0x28])),
  // The head of a frame that is longer than any that is taken, and nothing after it.
  (server) => socketOf(server)?.write(Buffer.from([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0])),
  (server, random) => {
    server.send('{"goAway":{"timeLeft":"1s"}}');
    if (random.chance(0.5)) server.current?.close(1011, 'Deadline expired before operation could complete.');
  },
];
