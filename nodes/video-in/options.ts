import type { NodeDef } from 'node-red';
import {
  parseRectangles,
  PICTURE_BOUNDS,
  type AddressSource,
  type PictureSettings,
  type VideoSource,
} from '../../src/media';
import { NodeError } from '../shared/errors';
import type { Message } from '../shared/types';
import { numberOf, textOf } from '../shared/values';

/** The fields of the dialog. */
export interface VideoInDef extends NodeDef {
  source: 'screen' | 'camera' | 'address' | 'command' | 'browser' | 'input';
  /** Name of the talk page; a flow of before has none. */
  page?: string;
  /** What comes out: a stream per start, or one picture per message. */
  output: 'stream' | 'picture';
  display: string;
  monitor: string;
  region: string;
  cursor: boolean;
  device: string;
  size: string;
  url: string;
  command: string;
  fps: string | number;
  longestSide: string | number;
  quality: string | number;
  masks: string;
  /** Skip frames that show nothing new. */
  skip: boolean;
  threshold: string | number;
  /** Seconds. */
  heartbeat: string | number;
  /** Open the source again when it breaks. */
  retry: boolean;
  /** Start after a deploy. */
  autostart: boolean;
}

/** What the node keeps apart from its fields. */
export interface VideoInCredentials {
  user?: string;
  password?: string;
}

/** Properties of a message that go before fields of the dialog. */
interface Overrides extends Message {
  device?: unknown;
  url?: unknown;
  region?: unknown;
  longestSide?: unknown;
}

const MS = 1000;

/** How pictures are to be, by message and dialog. @throws NodeError `BAD_CONFIG`; MediaError `BAD_INPUT` */
export function settingsOf(def: VideoInDef, msg: Overrides = {}): PictureSettings {
  const { fps, longestSide, quality, threshold, heartbeatMs } = PICTURE_BOUNDS;
  const seconds = { ...heartbeatMs, max: heartbeatMs.max / MS, default: heartbeatMs.default / MS };
  return {
    fps: numberOf(def.fps, 'frames per second', fps),
    longestSide: numberOf(textOrNumber(msg.longestSide) ?? def.longestSide, 'longest side', longestSide),
    quality: numberOf(def.quality, 'quality', quality),
    masks: parseRectangles(textOf(def.masks) ?? ''),
    duplicates: def.skip === false ? false : numberOf(def.threshold, 'threshold', threshold),
    heartbeatMs: numberOf(def.heartbeat, 'heartbeat in seconds', seconds) * MS,
  };
}

/** Where pictures come from, by message and dialog. @throws NodeError `BAD_CONFIG`; MediaError `BAD_INPUT` */
export function sourceOf(def: VideoInDef, credentials: VideoInCredentials, msg: Overrides = {}): VideoSource {
  const device = textOf(msg.device);
  switch (def.source) {
    case 'camera': {
      const chosen = device ?? textOf(def.device);
      const size = textOf(def.size);
      return { kind: 'camera', ...(chosen && { device: chosen }), ...(size && { size }) };
    }
    case 'address':
      return addressOf(def, credentials, textOf(msg.url));
    case 'command': {
      // Not from messages: what comes over a network must not start programs.
      const command = textOf(def.command);
      if (command) return { kind: 'command', command };
      throw new NodeError('BAD_CONFIG', 'No command is given. Enter one in the dialog, e.g. grim -t jpeg -');
    }
    default: {
      const [display, monitor] = [textOf(def.display), device ?? textOf(def.monitor)];
      const [region] = parseRectangles(textOf(msg.region) ?? textOf(def.region) ?? '');
      return {
        kind: 'screen',
        cursor: def.cursor !== false,
        ...(display && { display }),
        ...(monitor && { monitor }),
        ...(region && { region }),
      };
    }
  }
}

function addressOf(
  def: VideoInDef,
  { user, password }: VideoInCredentials,
  other: string | undefined,
): AddressSource {
  const url = other ?? textOf(def.url);
  if (!url) {
    throw new NodeError('BAD_CONFIG', 'No address is given. Enter one in the dialog, or set msg.url.');
  }
  // A message must not send the login of one camera to another server.
  const meant = other === undefined || !def.url || sameHost(other, def.url);
  return { kind: 'address', url, ...(meant && user && { user }), ...(meant && password && { password }) };
}

function sameHost(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).host === new URL(other).host;
}

function textOrNumber(value: unknown): string | number | undefined {
  return typeof value === 'number' ? value : textOf(value);
}
