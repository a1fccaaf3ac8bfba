import { HALF_CASCADE_VOICES, LANGUAGES, RESOLUTIONS, VOICES } from './speech';
import type { ModelProfile, Prices, TurnCoverage } from './types';

/*
 * One row per family of models; a new model is a new row, not a new branch. Nothing here was tried against Google's
 * service by us. Where a comment names no other source, a value is from the family's model page and the comparison
 * table of the Live API guide on ai.google.dev (September 2026). "Guess" marks what no source states.
 */

const ALL_COVERAGES: readonly TurnCoverage[] = [
  'TURN_INCLUDES_ONLY_ACTIVITY',
  'TURN_INCLUDES_ALL_INPUT',
  'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO',
];

/** ai.google.dev/gemini-api/docs/pricing; read there by several public price tables (3.1 and 3.8 alike). */
const PRICES_3: Prices = { textIn: 0.75, audioIn: 3, videoIn: 1, textOut: 4.5, audioOut: 12 };

/** The same page, native audio of 2.5: pictures are priced as audio. */
const PRICES_2_5: Prices = { textIn: 0.5, audioIn: 3, videoIn: 3, textOut: 2, audioOut: 12 };

/** The same page, translation and transcription: one price per direction. */
const PRICES_3_5: Prices = { textIn: 3.5, audioIn: 3.5, videoIn: 3.5, textOut: 21, audioOut: 21 };

const LIMITS_3 = { inputTokens: 131_072, outputTokens: 65_536 };

/** Gemini 2.5 with native audio, on both services. */
export const NATIVE_AUDIO_2_5: ModelProfile = {
  name: 'Gemini 2.5 native audio',
  prefixes: [
    'gemini-2.5',
    'gemini-live-2.5-flash-native-audio',
    'gemini-live-2.5-flash-preview-native-audio',
  ],
  apiVersion: 'v1beta',
  backends: ['gemini', 'vertex'],
  inputs: ['audio', 'video', 'text'],
  textLane: 'clientContent',
  contentMidSession: true,
  // `historyConfig` is documented for 3.1 and part of the common setup type; that 2.5 heeds it is a guess.
  seeding: 'history',
  seedEndsWithUser: true, // pipecat, Gemini Live service
  seedNeedsNudge: false,
  mediaChunks: true,
  instructions: true,
  translation: false, // guess
  // 0 turns thinking off; the range is that of Gemini 2.5 Flash.
  thinking: { style: 'budget', budget: { min: -1, max: 24_576 } },
  tools: {
    behaviors: ['BLOCKING', 'NON_BLOCKING'],
    default: 'BLOCKING',
    behaviorField: true,
    // Retrieval: Vertex AI's page on tools of the Live API.
    builtIn: ['googleSearch', 'retrieval'],
  },
  scheduling: true, // Vertex AI since 2026-04-28 (mail quoted in pipecat #4118)
  proactive: 'v1alpha',
  affective: 'v1alpha',
  contextUpdate: false, // documented for 3.8 only
  background: false,
  modalities: ['AUDIO'], // TEXT: 1007 (kizuna-ai-lab/sokuji #93)
  voices: VOICES,
  languages: LANGUAGES,
  choosesLanguage: true,
  turnCoverage: { default: 'TURN_INCLUDES_ONLY_ACTIVITY', values: ALL_COVERAGES },
  mediaResolution: RESOLUTIONS,
  maxFramesPerSecond: 1,
  limits: { inputTokens: 131_072, outputTokens: 8192 },
  prices: PRICES_2_5,
};

/** Half-cascade models and everything before native audio: they can also write. */
export const HALF_CASCADE: ModelProfile = {
  ...NATIVE_AUDIO_2_5,
  name: 'Gemini Live half-cascade',
  prefixes: ['gemini-live-2.5-flash', 'gemini-2.0', 'gemini-2.5-flash-live'],
  seeding: 'instructions', // guess: these models are older than `historyConfig`
  thinking: { style: 'none' }, // guess
  tools: {
    ...NATIVE_AUDIO_2_5.tools,
    builtIn: ['googleSearch', 'codeExecution', 'urlContext', 'retrieval'],
  },
  scheduling: true,
  proactive: 'no',
  affective: 'no',
  modalities: ['AUDIO', 'TEXT'],
  voices: HALF_CASCADE_VOICES,
  choosesLanguage: false,
  limits: { inputTokens: 32_768, outputTokens: 8192 },
};

/** Gemini 3.1 Flash Live (preview). */
export const FLASH_LIVE_3_1: ModelProfile = {
  ...NATIVE_AUDIO_2_5,
  name: 'Gemini 3.1 Flash Live',
  prefixes: ['gemini-3.1'],
  backends: ['gemini'],
  textLane: 'realtimeInput',
  // 1007 in mid-session (livekit/agents #5262, adk-python #5018). The newest model page says it is accepted now; the
  // other lane works either way, so the careful value stands.
  contentMidSession: false,
  seeding: 'history',
  seedEndsWithUser: false,
  seedNeedsNudge: true, // pipecat: 3.x answers a history only after `realtimeInput.text: " "`
  mediaChunks: false, // 1007 "realtime_input.media_chunks is deprecated" (livekit/agents-js #1179)
  thinking: { style: 'level', levels: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'], default: 'MINIMAL' },
  // NON_BLOCKING is "not yet supported"; pipecat #4448 sends no `behavior` at all to 3.1.
  tools: { behaviors: ['BLOCKING'], default: 'BLOCKING', behaviorField: false, builtIn: ['googleSearch'] },
  scheduling: false,
  proactive: 'no', // a setup with it may never be answered (PatterAI #210)
  affective: 'no',
  turnCoverage: { default: 'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO', values: ALL_COVERAGES },
  limits: LIMITS_3,
  prices: PRICES_3,
};

/** Gemini 3.8 Live. */
export const LIVE_3_8: ModelProfile = {
  ...FLASH_LIVE_3_1,
  name: 'Gemini 3.8 Live',
  prefixes: ['gemini-3.8-live', 'gemini-3.8'],
  backends: ['gemini', 'vertex'],
  // Not clientContent: there `turnComplete: true` interrupts whatever the model is saying.
  textLane: 'realtimeInput',
  contentMidSession: true,
  thinking: { style: 'none' }, // it thinks, but the setting is refused: "omit thinking_config"
  tools: {
    behaviors: ['NON_BLOCKING', 'BLOCKING'],
    default: 'NON_BLOCKING',
    behaviorField: true,
    builtIn: ['googleSearch', 'retrieval'], // retrieval on Vertex AI: guess, as 2.5
  },
  scheduling: true,
  proactive: 'always', // `proactiveAudio: false` is an error
  affective: 'no', // removed from the API
  contextUpdate: true,
};

/** Gemini 3.8 Live Extended Thinking: reasons in the background, speaks meanwhile. */
export const LIVE_3_8_THINKING: ModelProfile = {
  ...LIVE_3_8,
  name: 'Gemini 3.8 Live extended thinking',
  prefixes: ['gemini-3.8-live-extended-thinking'],
  thinking: {
    style: 'level',
    levels: ['LOW', 'MEDIUM', 'HIGH'],
    default: 'LOW', // no default exists; the quickest is ours
    required: true, // without it the setup is refused (NousResearch/hermes-agent #114116)
  },
  tools: {
    behaviors: ['NON_BLOCKING'], // "Async only"; BLOCKING is an error
    default: 'NON_BLOCKING',
    behaviorField: true,
    builtIn: ['googleSearch', 'retrieval'],
  },
  scheduling: false, // MemberJunction geminiLiveProfiles.ts; not stated on the model page
  proactive: 'always', // guess, as 3.8 Live
  background: true, // ai.google.dev, "Thinking in the Live API": interaction_status
};

/** Gemini 3.5 Live Translate: an interpreter. "No support for tools or instructions", audio only. */
export const LIVE_TRANSLATE_3_5: ModelProfile = {
  ...FLASH_LIVE_3_1,
  name: 'Gemini 3.5 Live Translate',
  prefixes: ['gemini-3.5-live-translate'],
  inputs: ['audio'],
  seeding: 'none',
  seedNeedsNudge: false,
  instructions: false,
  translation: true,
  thinking: { style: 'none' },
  tools: { behaviors: [], default: 'BLOCKING', behaviorField: false, builtIn: [] },
  languages: [], // "70+"; given by translationConfig.targetLanguageCode
  turnCoverage: { default: 'TURN_INCLUDES_ONLY_ACTIVITY', values: ALL_COVERAGES }, // guess: there are no turns
  mediaResolution: [],
  maxFramesPerSecond: 0,
  limits: LIMITS_3,
  prices: PRICES_3_5,
};

/** Gemini 3.5 Transcribe Live: writes down what it hears. */
export const TRANSCRIBE_LIVE_3_5: ModelProfile = {
  ...LIVE_TRANSLATE_3_5,
  name: 'Gemini 3.5 Transcribe Live',
  prefixes: ['gemini-3.5-transcribe-live', 'gemini-3.5-live-transcribe'],
  backends: ['gemini', 'vertex'],
  translation: false,
  modalities: ['TEXT'], // ai.google.dev, "Live transcription": response_modalities=["TEXT"]
  voices: [],
  choosesLanguage: true, // inputAudioTranscription.languageCodes narrows it down
  limits: { sessionMs: 600_000 }, // "up to 10 minutes"
};

/** The table. */
export const ROWS: readonly ModelProfile[] = [
  NATIVE_AUDIO_2_5,
  HALF_CASCADE,
  FLASH_LIVE_3_1,
  LIVE_3_8,
  LIVE_3_8_THINKING,
  LIVE_TRANSLATE_3_5,
  TRANSCRIBE_LIVE_3_5,
];

/** For models that nobody has described: everything is let through, and text goes the way that all take since 2.5. */
export const UNKNOWN: ModelProfile = {
  name: 'unknown model',
  prefixes: [],
  apiVersion: 'v1beta',
  backends: ['gemini', 'vertex'],
  inputs: ['audio', 'video', 'text'],
  textLane: 'realtimeInput',
  contentMidSession: true,
  seeding: 'instructions',
  seedEndsWithUser: true,
  seedNeedsNudge: false,
  mediaChunks: true,
  instructions: true,
  translation: true,
  thinking: { style: 'any' },
  tools: {
    behaviors: ['BLOCKING', 'NON_BLOCKING'],
    default: 'BLOCKING',
    behaviorField: true,
    builtIn: [
      'googleSearch',
      'googleSearchRetrieval',
      'codeExecution',
      'urlContext',
      'googleMaps',
      'computerUse',
      'fileSearch',
      'mcpServers',
      'retrieval',
      'enterpriseWebSearch',
      'exaAiSearch',
      'parallelAiSearch',
    ],
  },
  scheduling: true,
  proactive: 'v1alpha',
  affective: 'v1alpha',
  contextUpdate: false,
  background: false,
  modalities: ['AUDIO', 'TEXT'],
  voices: [],
  languages: [],
  choosesLanguage: false,
  turnCoverage: { default: 'TURN_INCLUDES_ONLY_ACTIVITY', values: [] },
  mediaResolution: [],
  maxFramesPerSecond: 1,
  limits: {},
  prices: { textIn: 3.5, audioIn: 3.5, videoIn: 3.5, textOut: 21, audioOut: 21, estimated: true },
};
