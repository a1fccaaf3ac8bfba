import type { LiveConnectConfig } from '../../src/protocol/config';
import type { FieldName } from './fields';
import type { Values } from './values';

type Json = Record<string, unknown>;

/** Fields of the dialog that are a field of the configuration of the same meaning. */
const NUMBERS = ['temperature', 'topP', 'topK', 'maxOutputTokens', 'seed'] as const;

const SAFETY: ReadonlyArray<[FieldName, string]> = [
  ['safetyHarassment', 'HARM_CATEGORY_HARASSMENT'],
  ['safetyHate', 'HARM_CATEGORY_HATE_SPEECH'],
  ['safetySexual', 'HARM_CATEGORY_SEXUALLY_EXPLICIT'],
  ['safetyDangerous', 'HARM_CATEGORY_DANGEROUS_CONTENT'],
];

/**
 * The dialog's fields as the SDK-shaped configuration of a session, without the raw JSON. What is not set is left out: then the
 * model or service decides.
 *
 * @throws FieldError when a field makes no sense
 */
export function liveConfig(values: Values): LiveConnectConfig {
  const config: Json = {
    responseModalities: [values.text('modality') || (values.profile.modalities[0] ?? 'AUDIO')],
    speechConfig: some({
      voiceConfig: some({ prebuiltVoiceConfig: some({ voiceName: text(values, 'voice') }) }),
      languageCode: text(values, 'language'),
    }),
    systemInstruction: text(values, 'instructions'),
    translationConfig: some({ targetLanguageCode: text(values, 'translateTo') }),
    thinkingConfig: thinking(values),
    enableAffectiveDialog: on(values, 'affective'),
    proactivity: some({ proactiveAudio: on(values, 'proactive') }),
    tools: tools(values),
    safetySettings: safety(values),
    inputAudioTranscription: transcription(values, 'input'),
    outputAudioTranscription: transcription(values, 'output'),
    realtimeInputConfig: realtime(values),
    explicitVadSignal: on(values, 'explicitVad'),
    mediaResolution: text(values, 'mediaResolution'),
    sessionResumption: values.on('resumption') ? {} : undefined,
    contextWindowCompression: compression(values),
  };
  for (const name of NUMBERS) config[name] = values.number(name);
  return pruned(config) as LiveConnectConfig;
}

function thinking(values: Values): Json | undefined {
  return some({
    thinkingLevel: text(values, 'thinkingLevel'),
    thinkingBudget: values.number('thinkingBudget'),
    includeThoughts: on(values, 'includeThoughts'),
  });
}

function tools(values: Values): Json[] | undefined {
  const chosen = (['googleSearch', 'codeExecution', 'urlContext'] as const).filter((name) => values.on(name));
  return chosen.length ? chosen.map((name) => ({ [name]: {} })) : undefined;
}

function safety(values: Values): Json[] | undefined {
  const settings = SAFETY.flatMap(([field, category]) => {
    const threshold = text(values, field);
    return threshold ? [{ category, threshold }] : [];
  });
  return settings.length ? settings : undefined;
}

function transcription(values: Values, side: 'input' | 'output'): Json | undefined {
  if (!values.on(`${side}Transcription`)) return undefined;
  const codes = values.text(`${side}Languages`).split(',');
  const languageCodes = codes.map((code) => code.trim()).filter((code) => code !== '');
  return languageCodes.length ? { languageCodes } : {};
}

function realtime(values: Values): Json | undefined {
  return some({
    automaticActivityDetection: some({
      disabled: values.text('detection') === 'manual' || undefined,
      startOfSpeechSensitivity: text(values, 'startSensitivity'),
      endOfSpeechSensitivity: text(values, 'endSensitivity'),
      prefixPaddingMs: values.number('prefixPaddingMs'),
      silenceDurationMs: values.number('silenceMs'),
    }),
    activityHandling: text(values, 'activityHandling'),
    turnCoverage: text(values, 'turnCoverage'),
  });
}

/** Numbers of 64 bit are strings on the wire. Without `slidingWindow` nothing would be compressed. */
function compression(values: Values): Json | undefined {
  if (!values.on('compression')) return undefined;
  return {
    triggerTokens: values.number('triggerTokens')?.toString(),
    slidingWindow: { targetTokens: values.number('targetTokens')?.toString() },
  };
}

function text(values: Values, name: FieldName): string | undefined {
  return values.text(name) || undefined;
}

function on(values: Values, name: FieldName): true | undefined {
  return values.on(name) || undefined;
}

/** The object, unless nothing is in it. */
function some(object: Json): Json | undefined {
  return Object.values(object).some((value) => value !== undefined) ? object : undefined;
}

/** Without the names that stand for nothing: the encoder would count them as given. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value) || !isPlain(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, pruned(item)]));
}

/** The raw JSON of the dialog; empty when there is none. @throws FieldError */
export function rawConfig(values: Values): Json {
  const written = values.text('raw');
  return written ? (JSON.parse(written) as Json) : {};
}

/** Lays one over the other: `null` takes a field away, objects are merged, anything else replaces. */
export function laid(below: object, above: Json): LiveConnectConfig {
  const result: Json = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const before = result[name];
    if (value === null) delete result[name];
    else result[name] = isPlain(value) ? laid(isPlain(before) ? before : {}, value) : value;
  }
  return result as LiveConnectConfig;
}

function isPlain(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
