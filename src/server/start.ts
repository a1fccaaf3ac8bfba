import type { Recording } from '../protocol';
import { Clock } from './clock';
import { createEars } from './ears';
import { ServerError } from './errors';
import type { Faults } from './faults';
import { HandleStore } from './handles';
import { DEFAULT_LIMITS, type Limits } from './lifetime';
import type { Ears, Mind, Voice } from './parts';
import { Player, readRecording } from './player';
import { createMind, loadScenario, type RuleScenario } from './scenario';
import { LocalLiveServer, type ServerSettings } from './server';
import { createVoice } from './voice';

/** How a server is to be; everything has a default. */
export interface ServerOptions {
  /** 0 (default) takes any free port. */
  readonly port?: number;
  /** Address to listen on; default 127.0.0.1, so that only this machine can connect. */
  readonly host?: string;
  /** Name of a shipped scenario, path of a scenario file, or a loaded one. Default `assistant`. */
  readonly scenario?: string | RuleScenario;
  /** Default: recognise the scenario's phrases. */
  readonly ears?: Ears;
  /** Default: follow the scenario's rules. */
  readonly mind?: Mind;
  /** Default: the scenario's clips, or a speech synthesiser where one is found. */
  readonly voice?: Voice;
  /** Speed of time: 10 plays a conversation in a tenth of its length. Default 1. */
  readonly clock?: number;
  /**
   * A recording to play back instead: path of a file, or one that was read. It waits for the client's messages where it
   * has some; ears, mind, voice, scenario, clock, `apiKey`, journal, handles and most faults do not count then.
   */
  readonly recording?: string | Recording;
  /** Speed at which the recording is played: 1 (default) as it was, 0 as fast as the client's messages allow. */
  readonly speed?: number;
  /** A player of a recording with more options than `recording` and `speed`. */
  readonly player?: Player;
  /** Seconds of sound generated per second; the service is faster than real time. Default 4. */
  readonly generationSpeed?: number;
  /** Seed of everything random, such as the length of audio chunks. Default 1. */
  readonly seed?: number;
  /** Key that clients must show. Default: any key, or none, is good. */
  readonly apiKey?: string;
  /** Misbehaviour for tests of clients. */
  readonly faults?: Faults;
  /** How long things last; what is not given is as with the service. */
  readonly limits?: Partial<Limits>;
  /** Where resumption handles are kept; give the same to the next server, and conversations survive a restart. */
  readonly handles?: HandleStore;
  /** Keep every message in `server.journal`. Grows without end: for tests. */
  readonly keepJournal?: boolean;
}

/**
 * Starts a local Live server.
 * @throws ServerError `PORT_IN_USE`, `LISTEN_FAILED`, `BAD_OPTION`
 * @throws ScenarioError when the scenario cannot be read or has a mistake
 * @throws RecordingError when the recording cannot be read or has a mistake
 */
export async function startServer(options: ServerOptions = {}): Promise<LocalLiveServer> {
  const {
    port = 0,
    host = '127.0.0.1',
    clock = 1,
    generationSpeed = 4,
    seed = 1,
    apiKey,
    faults = {},
    limits,
    handles = new HandleStore(),
    keepJournal = false,
  } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ServerError('BAD_OPTION', `${port} is no port. Give a whole number from 0 to 65535.`);
  }
  for (const [name, value] of Object.entries({ clock, generationSpeed })) {
    if (!(value > 0)) throw new ServerError('BAD_OPTION', `${name} must be above 0, not ${value}.`);
  }
  if (options.speed !== undefined && !(options.speed >= 0)) {
    throw new ServerError('BAD_OPTION', `speed must be 0 or more, not ${options.speed}.`);
  }
  return LocalLiveServer.listen({
    port,
    host,
    clock: new Clock(clock),
    generationSpeed,
    seed,
    apiKey,
    faults,
    limits: { ...DEFAULT_LIMITS, ...limits },
    handles,
    keepJournal,
    parts: options.player ?? (await recordingOf(options)) ?? (await partsOf(options)),
  });
}

async function recordingOf({ recording, speed }: ServerOptions): Promise<Player | undefined> {
  if (recording === undefined) return undefined;
  return new Player(typeof recording === 'string' ? await readRecording(recording) : recording, { speed });
}

async function partsOf(options: ServerOptions): Promise<Exclude<ServerSettings['parts'], Player>> {
  const scenario =
    typeof options.scenario === 'object' ? options.scenario : await loadScenario(options.scenario);
  return {
    phrases: scenario.phrases,
    ears: options.ears ?? (await createEars(scenario)),
    mind: options.mind ?? createMind(scenario),
    voice: options.voice ?? (await createVoice(scenario)),
  };
}
