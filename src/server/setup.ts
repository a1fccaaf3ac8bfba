import type { LiveClientSetup } from '../protocol';
import { closes } from './closes';
import { Refusal } from './client-message';
import { neverAnswered, refuseUnsupported } from './gating';
import { traitsOf, type ModelTraits } from './models';
import type { BuiltInTool, DeclaredFunction } from './parts';
import type { Route } from './routes';

/** Voice activity detection as the client asked for it. */
export interface Detection {
  /** False when the client marks activity itself. */
  readonly automatic: boolean;
  readonly startSensitivity: 'high' | 'low';
  /** Voice needed before speech counts as begun, in ms. */
  readonly prefixPaddingMs: number;
  /** Silence needed before speech counts as over, in ms. */
  readonly silenceDurationMs: number;
}

/** An accepted setup. */
export interface SessionConfig {
  readonly model: string;
  readonly route: Route;
  readonly traits: ModelTraits;
  readonly modality: 'AUDIO' | 'TEXT';
  readonly transcribeInput: boolean;
  readonly transcribeOutput: boolean;
  readonly detection: Detection;
  /** New activity stops the answer that is under way. */
  readonly bargeIn: boolean;
  readonly thoughts: boolean;
  /** Absent when the setup says nothing about tools: a resumed conversation keeps those it had. */
  readonly tools?: readonly DeclaredFunction[];
  /** Tools of the service that the client asks for. */
  readonly builtIn: readonly BuiltInTool[];
  readonly instructions: string;
  /** The client wants `sessionResumptionUpdate`s. */
  readonly resumption: boolean;
  /** … and to know up to which of its messages the handle remembers (Vertex AI). */
  readonly transparent: boolean;
  /** Handle of the session to go on with. */
  readonly handle?: string;
  /** The first complete `clientContent` is history, not a question. */
  readonly seedsHistory: boolean;
  /** Old turns are let go of, so the session has no limit. */
  readonly compressed: boolean;
  /** The client wants to be told when activity begins and ends (Vertex AI). */
  readonly vadSignals: boolean;
  /** Guesses of what is being said come before the transcript. */
  readonly interim: boolean;
  /** The service is known to leave such a setup without an answer. */
  readonly neverAnswered: boolean;
}

const SILENCE_MS = { high: 600, low: 1200 };
const PREFIX_PADDING_MS = { high: 60, low: 160 };

function detection(setup: LiveClientSetup): Detection {
  const asked = setup.realtimeInputConfig?.automaticActivityDetection;
  const startSensitivity = asked?.startOfSpeechSensitivity === 'START_SENSITIVITY_LOW' ? 'low' : 'high';
  const endSensitivity = asked?.endOfSpeechSensitivity === 'END_SENSITIVITY_LOW' ? 'low' : 'high';
  const ms = (value: number | undefined, fallback: number): number =>
    value === undefined ? fallback : Math.min(Math.max(value, 0), 30_000);
  return {
    automatic: asked?.disabled !== true,
    startSensitivity,
    prefixPaddingMs: ms(asked?.prefixPaddingMs, PREFIX_PADDING_MS[startSensitivity]),
    silenceDurationMs: ms(asked?.silenceDurationMs, SILENCE_MS[endSensitivity]),
  };
}

function modality(setup: LiveClientSetup, traits: ModelTraits): 'AUDIO' | 'TEXT' {
  const asked = setup.generationConfig?.responseModalities ?? [];
  const audio = asked.length === 0 || (asked.length === 1 && asked[0] === 'AUDIO');
  const text = asked.length === 1 && asked[0] === 'TEXT';
  const wanted = audio ? 'AUDIO' : text ? 'TEXT' : undefined;
  if (!wanted || !traits.modalities.includes(wanted)) {
    throw new Refusal(closes.modality(asked, setup.model ?? ''));
  }
  return wanted;
}

/** Text of a system instruction or a turn; other parts are left out. */
export function textOf(content: { parts?: ReadonlyArray<{ text?: string }> } | undefined): string {
  return (content?.parts ?? [])
    .map((part) => part.text ?? '')
    .filter((text) => text !== '')
    .join('\n');
}

/** Names and schemas of all functions in a list of tools. */
export function declaredFunctions(tools: LiveClientSetup['tools']): DeclaredFunction[] {
  return (tools ?? []).flatMap((tool) => tool.functionDeclarations ?? []);
}

const BUILT_IN: readonly BuiltInTool[] = ['googleSearch', 'codeExecution', 'urlContext'];

/** Which tools of the service a list of tools asks for. */
export function builtInTools(tools: LiveClientSetup['tools']): BuiltInTool[] {
  return BUILT_IN.filter((name) => (tools ?? []).some((tool) => tool[name] !== undefined));
}

/**
 * Checks a setup against backend, version and model.
 * @param nullHandle the client sent `handle: null` rather than none
 * @throws Refusal with the close the service would answer
 */
export function acceptSetup(setup: LiveClientSetup, route: Route, nullHandle = false): SessionConfig {
  const model = setup.model;
  if (!model) throw new Refusal(closes.invalidArgument());
  const traits = traitsOf(model, route.backend);
  if (!traits) {
    throw new Refusal(
      route.backend === 'vertex'
        ? closes.unknownPublisherModel(model)
        : closes.unknownModel(model, route.apiVersion),
    );
  }
  refuseUnsupported(setup, route, traits);
  if (nullHandle && !traits.nullHandle) throw new Refusal(closes.invalidArgument());
  const resumption = setup.sessionResumption;
  const thinking = setup.generationConfig?.thinkingConfig;
  return {
    model,
    route,
    traits,
    modality: modality(setup, traits),
    transcribeInput: setup.inputAudioTranscription !== undefined,
    transcribeOutput: setup.outputAudioTranscription !== undefined,
    detection: detection(setup),
    bargeIn: setup.realtimeInputConfig?.activityHandling !== 'NO_INTERRUPTION',
    thoughts: thinking?.includeThoughts ?? (traits.thinksAloud && thinking?.thinkingBudget !== 0),
    ...(setup.tools ? { tools: declaredFunctions(setup.tools) } : {}),
    builtIn: builtInTools(setup.tools),
    instructions: textOf(setup.systemInstruction),
    resumption: resumption !== undefined,
    transparent: resumption?.transparent === true,
    ...(resumption?.handle ? { handle: resumption.handle } : {}),
    compressed: setup.contextWindowCompression !== undefined,
    vadSignals: setup.explicitVadSignal === true,
    interim: setup.realtimeInputConfig?.interimTranscriptTimestampEnabled === true,
    neverAnswered: neverAnswered(setup, traits),
    seedsHistory: setup.historyConfig?.initialHistoryInClientContent === true,
  };
}
