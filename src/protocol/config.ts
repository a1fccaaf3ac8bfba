import type * as wire from './wire';

/** Which of Google's two services speaks: their fields and paths differ. */
export type Backend = 'gemini' | 'vertex';

/** Text, a part, several of them, or a whole content; all but the last become one content of role "user". */
export type ContentInput = string | wire.Part | wire.Content | Array<string | wire.Part>;

/** Turns for `clientContent`: one content in any form of {@link ContentInput}, or a list of contents. */
export type TurnsInput = ContentInput | wire.Content[];

/** A tool that declares itself when asked, as the official SDK's `CallableTool`; see `resolveTools`. */
export interface CallableTool {
  tool(): Promise<wire.Tool>;
  callTool(...args: unknown[]): unknown;
}

/**
 * A function's parameters and result may also be written as JSON Schema (`type: 'object'`): the encoder turns
 * them into the API's `Schema`.
 */
export type ToolInput = Omit<wire.Tool, 'functionDeclarations'> & {
  functionDeclarations?: Array<
    Omit<wire.FunctionDeclaration, 'parameters' | 'response'> & { parameters?: object; response?: object }
  >;
};

/**
 * The configuration of a Live session, shaped as the official SDK's `LiveConnectConfig` (3.1.0). Unlike the SDK's,
 * it offers `historyConfig`, which the service has and the SDK drops.
 */
export interface LiveConnectConfig {
  /** Deprecated in the SDK: fields of `generationConfig` are given directly. */
  generationConfig?: wire.GenerationConfig;
  responseModalities?: wire.GenerationConfig['responseModalities'];
  temperature?: number;
  topP?: number;
  topK?: number;
  maxOutputTokens?: number;
  mediaResolution?: wire.GenerationConfig['mediaResolution'];
  seed?: number;
  speechConfig?: wire.SpeechConfig;
  thinkingConfig?: wire.ThinkingConfig;
  enableAffectiveDialog?: boolean;
  translationConfig?: wire.TranslationConfig;
  systemInstruction?: ContentInput;
  tools?: Array<ToolInput | CallableTool>;
  sessionResumption?: wire.SessionResumptionConfig;
  inputAudioTranscription?: wire.AudioTranscriptionConfig;
  outputAudioTranscription?: wire.AudioTranscriptionConfig;
  realtimeInputConfig?: wire.RealtimeInputConfig;
  contextWindowCompression?: wire.ContextWindowCompressionConfig;
  proactivity?: wire.ProactivityConfig;
  historyConfig?: wire.HistoryConfig;
  /** Vertex AI only. */
  explicitVadSignal?: boolean;
  avatarConfig?: wire.AvatarConfig;
  safetySettings?: wire.SafetySetting[];
  labels?: Record<string, string>;
}
