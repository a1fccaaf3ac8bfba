import type { Backend, LiveConnectConfig } from './config';
import { toContent } from './content';
import { ProtocolError } from './errors';
import { copyFields } from './fields';
import { toTools } from './tools';
import { isObject } from './walk';
import type { LiveClientSetup } from './wire';

/** What {@link setup} needs. */
export interface SetupInput {
  /** `gemini-…`, `models/…`, or on Vertex AI also `publishers/…` and `projects/…`. */
  model: string;
  config?: LiveConnectConfig | null;
  backend?: Backend;
  /** Google Cloud project and location: on Vertex AI they become part of the model's name. */
  project?: string;
  location?: string;
  /** Let fields of the other backend pass, for {@link fit} to strip; left out, they are refused as the SDK does. */
  lenient?: boolean;
}

/** Fields of the configuration that go into `setup.generationConfig`. */
const GENERATION_FIELDS = [
  'responseModalities',
  'temperature',
  'topP',
  'topK',
  'maxOutputTokens',
  'mediaResolution',
  'seed',
  'speechConfig',
  'thinkingConfig',
  'enableAffectiveDialog',
  'translationConfig',
] as const;

/** Fields that go into `setup` as they are. */
const SETUP_FIELDS = [
  'sessionResumption',
  'inputAudioTranscription',
  'outputAudioTranscription',
  'realtimeInputConfig',
  'contextWindowCompression',
  'proactivity',
  'historyConfig',
  'explicitVadSignal',
  'avatarConfig',
  'safetySettings',
  'labels',
] as const;

const KNOWN = new Set<string>([
  ...GENERATION_FIELDS,
  ...SETUP_FIELDS,
  'generationConfig',
  'systemInstruction',
  'tools',
  'httpOptions',
  'abortSignal',
]);

/** Names in a configuration that {@link setup} does not know and leaves out, as the official SDK does. */
export function unknownConfigFields(config: object | null | undefined): string[] {
  return Object.keys(config ?? {}).filter((name) => !KNOWN.has(name));
}

/**
 * The first message of a session. Equal to what the official SDK 3.1.0 sends for the same configuration, plus
 * `historyConfig`, which the SDK drops. Nothing of the input is changed.
 *
 * @throws ProtocolError `BAD_MODEL`, `BAD_INPUT`, `UNSUPPORTED`, `WRONG_BACKEND`, `CONFLICT`
 */
export function setup(input: SetupInput): { setup: LiveClientSetup } {
  const backend = input.backend ?? 'gemini';
  const config = input.config ?? {};
  refuse(config);

  const out: LiveClientSetup = { model: modelPath(input, backend) };
  const held = input.lenient ? undefined : backend;
  const generation = generationConfig(config, backend, held);
  if (generation) out.generationConfig = generation;
  if (config.systemInstruction != null) out.systemInstruction = toContent(config.systemInstruction, held);
  if (config.tools != null) out.tools = toTools(config.tools, held);
  const rest = Object.fromEntries(SETUP_FIELDS.map((name) => [name, config[name]]));
  return { setup: { ...out, ...copyFields('LiveClientSetup', rest as LiveClientSetup, held) } };
}

function refuse(config: object): void {
  if ('httpOptions' in config && config.httpOptions) {
    throw new ProtocolError(
      'UNSUPPORTED',
      'httpOptions belong to the endpoint, not to the configuration of a session',
    );
  }
  const speech = (config as LiveConnectConfig).speechConfig;
  if (speech != null && !isObject(speech)) {
    throw new ProtocolError(
      'BAD_INPUT',
      'speechConfig must be an object: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "…" } } }',
    );
  }
  if (speech && 'multiSpeakerVoiceConfig' in speech) {
    throw new ProtocolError(
      'UNSUPPORTED',
      'The Live API speaks with one voice: remove multiSpeakerVoiceConfig',
    );
  }
}

function generationConfig(
  config: LiveConnectConfig,
  backend: Backend,
  held: Backend | undefined,
): LiveClientSetup['generationConfig'] {
  // The SDK passes a given generationConfig unseen on the Gemini API and checks it on Vertex AI.
  const out: Record<string, unknown> | undefined = config.generationConfig
    ? {
        ...copyFields('GenerationConfig', config.generationConfig, backend === 'vertex' ? held : undefined),
      }
    : undefined;
  const direct: Record<string, unknown> = {};
  for (const name of GENERATION_FIELDS) if (config[name] != null) direct[name] = config[name];
  // On Vertex AI the SDK asks for audio, which is the Gemini API's default.
  if (backend === 'vertex' && config.responseModalities === undefined)
    direct['responseModalities'] = ['AUDIO'];
  if (!out && Object.keys(direct).length === 0) return undefined;
  const merged = out ?? {};
  for (const [name, value] of Object.entries(copyFields('GenerationConfig', direct, held))) {
    merged[name] = merge(name, merged[name], value);
  }
  return merged;
}

/** The SDK's rule for a field that stands both in `generationConfig` and beside it. */
function merge(name: string, before: unknown, value: unknown): unknown {
  if (before === undefined || before === value) return value;
  if (!value || (typeof value === 'object' && Object.keys(value).length === 0)) return before;
  if (Array.isArray(before) && Array.isArray(value)) return Object.assign([...before], value);
  if (isObject(before) && isObject(value)) return { ...before, ...value };
  throw new ProtocolError(
    'CONFLICT',
    `"${name}" is given twice, in generationConfig and beside it, with different values: keep one`,
  );
}

function modelPath({ model, project, location }: SetupInput, backend: Backend): string {
  if (typeof model !== 'string' || model === '')
    throw new ProtocolError('BAD_MODEL', 'A model name is needed');
  if (/\.\.|[?&]/.test(model)) {
    throw new ProtocolError(
      'BAD_MODEL',
      `"${model.slice(0, 80)}" is not a model name: it must not contain "..", "?" or "&"`,
    );
  }
  if (backend === 'gemini') return /^(models|tunedModels)\//.test(model) ? model : `models/${model}`;
  if (/^(projects|models)\//.test(model)) return model;
  const path = /^publishers\//.test(model) ? model : publisherPath(model);
  return project && location ? `projects/${project}/locations/${location}/${path}` : path;
}

function publisherPath(model: string): string {
  const [publisher, name] = model.split('/', 2);
  return name === undefined ? `publishers/google/models/${model}` : `publishers/${publisher}/models/${name}`;
}
