import type { NodeDef } from 'node-red';
import { redact } from '../../src/media';
import type { LiveConnectConfig } from '../../src/protocol';
import { NodeError } from '../shared/errors';

/** Which service a conversation is held with. */
export type EndpointChoice = 'auto' | 'local' | 'gemini' | 'custom';

/** The fields of the config node's dialog. */
export interface ConfigDef extends NodeDef {
  endpoint: EndpointChoice;
  url: string;
  scenario: string;
  model: string;
  voice: string;
  language: string;
  instructions: string;
  temperature: string | number;
  inputTranscription: boolean;
  outputTranscription: boolean;
  resumption: boolean;
  raw: string;
}

/**
 * The dialog's fields as the SDK-shaped configuration of a session. The raw JSON is laid over the rest, object by object.
 *
 * @throws NodeError `BAD_CONFIG` when a field makes no sense
 */
export function liveConfig(def: ConfigDef): LiveConnectConfig {
  const speech: LiveConnectConfig['speechConfig'] = {};
  if (def.voice) speech.voiceConfig = { prebuiltVoiceConfig: { voiceName: def.voice } };
  if (def.language) speech.languageCode = def.language;
  const config: LiveConnectConfig = { responseModalities: ['AUDIO'] };
  if (Object.keys(speech).length) config.speechConfig = speech;
  if (def.instructions) config.systemInstruction = def.instructions;
  const temperature = temperatureOf(def);
  if (temperature !== undefined) config.temperature = temperature;
  if (def.inputTranscription !== false) config.inputAudioTranscription = {};
  if (def.outputTranscription !== false) config.outputAudioTranscription = {};
  if (def.resumption !== false) config.sessionResumption = {};
  return lay(config as Record<string, unknown>, rawObject(def.raw)) as LiveConnectConfig;
}

function temperatureOf({ temperature }: ConfigDef): number | undefined {
  if (temperature === '' || temperature === undefined || temperature === null) return undefined;
  const value = Number(temperature);
  if (value >= 0 && value <= 2) return value;
  throw new NodeError(
    'BAD_CONFIG',
    `The temperature must be a number from 0 to 2, not "${temperature}". Correct it in the config node.`,
  );
}

function rawObject(raw: string | undefined): Record<string, unknown> {
  if (!raw?.trim()) return {};
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch (error) {
    throw new NodeError(
      'BAD_CONFIG',
      `The raw JSON of the config node cannot be read: ${redact((error as Error).message)}. Correct or empty it.`,
    );
  }
  if (isPlain(value)) return value;
  throw new NodeError(
    'BAD_CONFIG',
    'The raw JSON of the config node must be one object, e.g. {"topP": 0.9}. Correct or empty it.',
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A raw `null` takes a field away; objects are merged, anything else replaces. */
function lay(below: Record<string, unknown>, above: Record<string, unknown>): Record<string, unknown> {
  const result = { ...below };
  for (const [name, value] of Object.entries(above)) {
    if (value === null) delete result[name];
    else result[name] = isPlain(value) && isPlain(result[name]) ? lay(result[name], value) : value;
  }
  return result;
}
