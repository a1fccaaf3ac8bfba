import type { NodeDef } from 'node-red';
import type { LiveSessionOptions } from '../../src/live';
import type { RecoveryOptions } from '../../src/live/recovery/options';
import { ProtocolError, setup, unknownConfigFields, type LiveClientSetup } from '../../src/protocol';
import { NodeError } from '../shared/errors';
import type { DeclaredFunction } from '../shared/registry';
import type { FieldName } from './fields';
import { laid, liveConfig, rawConfig } from './live-config';
import { FieldError, Values } from './values';

/** The fields of the config node as a flow keeps them; see `fields.ts`. Older flows have fewer. */
export type ConfigDef = NodeDef & { [name in FieldName]?: unknown };

/** What the dialog decides about a session, apart from where it goes. */
export type SessionSettings = Omit<LiveSessionOptions, 'endpoint' | 'resumeFrom' | 'lanes'> & {
  recovery?: RecoveryOptions | false;
};

/** A text of the labels. */
export type Words = (key: string, values?: Record<string, string>) => string;

const MS = 1000;

/**
 * The dialog's fields as options of a session. The raw JSON is laid over the configuration, and what it names is sent even where
 * the model's profile advises against it.
 *
 * @param functions what the nodes of the flow declare
 * @throws FieldError; ProtocolError when the raw JSON cannot be sent
 */
export function sessionSettings(
  values: Values,
  functions: DeclaredFunction[],
  backend: 'gemini' | 'vertex',
): SessionSettings {
  const raw = rawConfig(values);
  const unknown = unknownConfigFields(raw);
  const known = Object.fromEntries(Object.entries(raw).filter(([name]) => !unknown.includes(name)));
  const config = laid(liveConfig(values), known);
  const declared = functions.length ? [{ functionDeclarations: functions }] : [];
  if (declared.length) config.tools = [...(config.tools ?? []), ...declared];
  const rawSetup = encoded(known, declared, backend) as Record<string, unknown>;
  for (const name of unknown) if (raw[name] !== null) rawSetup[name] = raw[name];
  return {
    model: values.model,
    config,
    ...(Object.keys(rawSetup).length && { rawSetup: rawSetup as LiveClientSetup }),
    ...optional('setupTimeoutMs', ms(values, 'setupTimeout')),
    recovery: recovery(values),
    watchdogs: watchdogs(values),
    limits: limits(values),
    costLimits: costLimits(values),
  };
}

/** The part of the setup message that the raw JSON stands for. */
function encoded(
  raw: Record<string, unknown>,
  declared: object[],
  backend: 'gemini' | 'vertex',
): LiveClientSetup {
  const tools = Array.isArray(raw.tools) ? [...(raw.tools as object[]), ...declared] : undefined;
  const { model: _model, ...out } = setup({ model: 'any', config: { ...raw, tools }, backend }).setup;
  const given = raw.generationConfig as { responseModalities?: unknown } | undefined;
  // The encoder asks Vertex AI for audio by itself, and that is not what the raw JSON says.
  if (!raw.responseModalities && !given?.responseModalities) delete out.generationConfig?.responseModalities;
  if (out.generationConfig && Object.keys(out.generationConfig).length === 0) delete out.generationConfig;
  // A handle gets old: the session has newer ones.
  delete out.sessionResumption?.handle;
  return out;
}

function recovery(values: Values): SessionSettings['recovery'] {
  if (!values.on('reconnect')) return false;
  return {
    ...optional('maxAttempts', values.number('attempts')),
    ...optional('firstDelayMs', ms(values, 'firstDelay')),
    ...optional('maxDelayMs', ms(values, 'maxDelay')),
    ...optional('rotateAfterMs', ms(values, 'rotateMinutes', 60 * MS)),
    seed: values.on('seedHistory') ? 'auto' : 'none',
    replay: values.on('replay'),
  };
}

function watchdogs(values: Values): SessionSettings['watchdogs'] {
  // Zero seconds in the dialog mean "do not watch".
  const watch = (name: FieldName): number | false | undefined => {
    const value = ms(values, name);
    return value === 0 ? false : value;
  };
  return {
    emptyTurn: values.on('watchEmpty'),
    nudge: values.on('nudge'),
    ...optional('silentAudioMs', watch('watchSilent')),
    ...optional('toolAnswerMs', watch('watchTool')),
    ...optional('serverSilentMs', watch('watchServer')),
  };
}

function limits(values: Values): SessionSettings['limits'] {
  // The token of an endpoint that makes its tokens says nothing about whose they are.
  const mints = values.text('tokenFrom') === 'mint';
  return {
    ...optional('key', mints ? values.text('apiKey') : undefined),
    ...optional('turnsPerMinute', values.number('turnsPerMinute')),
    ...optional('sessionStartsPerMinute', values.number('startsPerMinute')),
    ...optional('concurrentSessions', values.number('concurrentSessions')),
  };
}

function costLimits(values: Values): SessionSettings['costLimits'] {
  const percent = values.number('costWarn');
  return {
    ...optional('conversationUsd', values.number('costConversation')),
    ...optional('dayUsd', values.number('costDay')),
    ...optional('warnAt', percent === undefined ? undefined : percent / 100),
  };
}

function ms(values: Values, name: FieldName, unit = MS): number | undefined {
  const value = values.number(name);
  return value === undefined ? undefined : Math.round(value * unit);
}

function optional<K extends string, V>(name: K, value: V | undefined): { [name in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [name in K]: V });
}

/** What a wrong field means, in words that name it as the dialog does. */
export function inWords(thrown: unknown, words: Words): unknown {
  if (thrown instanceof FieldError) {
    const { key, values } = thrown.problem;
    return new NodeError(
      'BAD_CONFIG',
      `The field "${words(`label.${thrown.field}`)}" of the config node cannot be used: ${words(key, values)}. Correct it there.`,
    );
  }
  if (thrown instanceof ProtocolError) {
    return new NodeError(
      'BAD_CONFIG',
      `The raw JSON of the config node cannot be sent: ${thrown.message}. Correct or empty it.`,
    );
  }
  return thrown;
}
