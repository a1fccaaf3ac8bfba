/**
 * Types of every message of the Live protocol. Generated, do not edit: `npx tsx scripts/generate-wire.ts`
 * makes it from `schema/client.json` and `schema/server.json` (fields and types of @google/genai 3.1.0).
 *
 * Every field is optional, as in proto3. Durations are strings ("9.5s"), int64 are decimal strings, bytes are base64.
 */

/** An enum that may grow: known values are suggested, unknown ones pass. */
export type Open<T extends string> = T | (string & Record<never, never>);

export interface LiveClientMessage {
  setup?: LiveClientSetup;
  clientContent?: LiveClientContent;
  realtimeInput?: LiveClientRealtimeInput;
  toolResponse?: LiveClientToolResponse;
  contextUpdate?: LiveClientContextUpdate;
}

export interface LiveClientSetup {
  model?: string;
  generationConfig?: GenerationConfig;
  systemInstruction?: Content;
  tools?: Tool[];
  realtimeInputConfig?: RealtimeInputConfig;
  sessionResumption?: SessionResumptionConfig;
  contextWindowCompression?: ContextWindowCompressionConfig;
  inputAudioTranscription?: AudioTranscriptionConfig;
  outputAudioTranscription?: AudioTranscriptionConfig;
  proactivity?: ProactivityConfig;
  historyConfig?: HistoryConfig;
  explicitVadSignal?: boolean;
  avatarConfig?: AvatarConfig;
  safetySettings?: SafetySetting[];
  labels?: Record<string, unknown>;
}

export interface GenerationConfig {
  modelSelectionConfig?: ModelSelectionConfig;
  responseJsonSchema?: unknown;
  audioTranscriptionConfig?: AudioTranscriptionConfig;
  /** Vertex AI only. */
  audioTimestamp?: boolean;
  candidateCount?: number;
  enableAffectiveDialog?: boolean;
  frequencyPenalty?: number;
  logprobs?: number;
  maxOutputTokens?: number;
  mediaResolution?: Open<
    | 'MEDIA_RESOLUTION_UNSPECIFIED'
    | 'MEDIA_RESOLUTION_LOW'
    | 'MEDIA_RESOLUTION_MEDIUM'
    | 'MEDIA_RESOLUTION_HIGH'
  >;
  presencePenalty?: number;
  responseFormat?: ResponseFormat[];
  responseLogprobs?: boolean;
  responseMimeType?: string;
  responseModalities?: Array<Open<'MODALITY_UNSPECIFIED' | 'TEXT' | 'IMAGE' | 'AUDIO' | 'VIDEO'>>;
  responseSchema?: Schema;
  /** Vertex AI only. */
  routingConfig?: GenerationConfigRoutingConfig;
  seed?: number;
  speechConfig?: SpeechConfig;
  stopSequences?: string[];
  temperature?: number;
  thinkingConfig?: ThinkingConfig;
  topK?: number;
  topP?: number;
  /** Gemini API only. */
  enableEnhancedCivicAnswers?: boolean;
  translationConfig?: TranslationConfig;
}

export interface ModelSelectionConfig {
  featureSelectionPreference?: Open<
    'FEATURE_SELECTION_PREFERENCE_UNSPECIFIED' | 'PRIORITIZE_QUALITY' | 'BALANCED' | 'PRIORITIZE_COST'
  >;
}

export interface AudioTranscriptionConfig {
  languageCodes?: string[];
  languageAuto?: LanguageAuto;
  languageHints?: LanguageHints;
  customVocabulary?: string[];
  adaptationPhrases?: string[];
  wordTimestamp?: boolean;
  diarization?: boolean;
  mode?: Open<'MODE_UNSPECIFIED' | 'VERBATIM' | 'SMART'>;
  sourceText?: string;
}

export type LanguageAuto = Record<string, never>;

export interface LanguageHints {
  languageCodes?: string[];
}

export interface ResponseFormat {
  audio?: AudioResponseFormat;
  image?: ImageResponseFormat;
  text?: TextResponseFormat;
  video?: VideoResponseFormat;
}

export interface AudioResponseFormat {
  bitRate?: number;
  delivery?: Open<'DELIVERY_UNSPECIFIED' | 'INLINE' | 'URI'>;
  mimeType?: string;
  sampleRate?: number;
}

export interface ImageResponseFormat {
  aspectRatio?: Open<
    | 'ASPECT_RATIO_UNSPECIFIED'
    | 'ASPECT_RATIO_ONE_BY_ONE'
    | 'ASPECT_RATIO_TWO_BY_THREE'
    | 'ASPECT_RATIO_THREE_BY_TWO'
    | 'ASPECT_RATIO_THREE_BY_FOUR'
    | 'ASPECT_RATIO_FOUR_BY_THREE'
    | 'ASPECT_RATIO_FOUR_BY_FIVE'
    | 'ASPECT_RATIO_FIVE_BY_FOUR'
    | 'ASPECT_RATIO_NINE_BY_SIXTEEN'
    | 'ASPECT_RATIO_SIXTEEN_BY_NINE'
    | 'ASPECT_RATIO_TWENTY_ONE_BY_NINE'
    | 'ASPECT_RATIO_ONE_BY_EIGHT'
    | 'ASPECT_RATIO_EIGHT_BY_ONE'
    | 'ASPECT_RATIO_ONE_BY_FOUR'
    | 'ASPECT_RATIO_FOUR_BY_ONE'
  >;
  delivery?: Open<'DELIVERY_UNSPECIFIED' | 'INLINE' | 'URI'>;
  imageSize?: Open<
    | 'IMAGE_SIZE_UNSPECIFIED'
    | 'IMAGE_SIZE_FIVE_TWELVE'
    | 'IMAGE_SIZE_ONE_K'
    | 'IMAGE_SIZE_TWO_K'
    | 'IMAGE_SIZE_FOUR_K'
  >;
  mimeType?: string;
}

export interface TextResponseFormat {
  mimeType?: string;
  schema?: unknown;
}

export interface VideoResponseFormat {
  aspectRatio?: Open<
    | 'ASPECT_RATIO_UNSPECIFIED'
    | 'ASPECT_RATIO_ONE_BY_ONE'
    | 'ASPECT_RATIO_TWO_BY_THREE'
    | 'ASPECT_RATIO_THREE_BY_TWO'
    | 'ASPECT_RATIO_THREE_BY_FOUR'
    | 'ASPECT_RATIO_FOUR_BY_THREE'
    | 'ASPECT_RATIO_FOUR_BY_FIVE'
    | 'ASPECT_RATIO_FIVE_BY_FOUR'
    | 'ASPECT_RATIO_NINE_BY_SIXTEEN'
    | 'ASPECT_RATIO_SIXTEEN_BY_NINE'
    | 'ASPECT_RATIO_TWENTY_ONE_BY_NINE'
    | 'ASPECT_RATIO_ONE_BY_EIGHT'
    | 'ASPECT_RATIO_EIGHT_BY_ONE'
    | 'ASPECT_RATIO_ONE_BY_FOUR'
    | 'ASPECT_RATIO_FOUR_BY_ONE'
  >;
  delivery?: Open<'DELIVERY_UNSPECIFIED' | 'INLINE' | 'URI'>;
  duration?: string;
  gcsUri?: string;
  resolution?: string;
}

export interface Schema {
  anyOf?: Schema[];
  default?: unknown;
  description?: string;
  enum?: string[];
  example?: unknown;
  format?: string;
  items?: Schema;
  maxItems?: string;
  maxLength?: string;
  maxProperties?: string;
  maximum?: number;
  minItems?: string;
  minLength?: string;
  minProperties?: string;
  minimum?: number;
  nullable?: boolean;
  pattern?: string;
  properties?: Record<string, Schema>;
  propertyOrdering?: string[];
  required?: string[];
  title?: string;
  type?: Open<'TYPE_UNSPECIFIED' | 'STRING' | 'NUMBER' | 'INTEGER' | 'BOOLEAN' | 'ARRAY' | 'OBJECT' | 'NULL'>;
}

export interface GenerationConfigRoutingConfig {
  autoMode?: GenerationConfigRoutingConfigAutoRoutingMode;
  manualMode?: GenerationConfigRoutingConfigManualRoutingMode;
}

export interface GenerationConfigRoutingConfigAutoRoutingMode {
  modelRoutingPreference?: Open<'UNKNOWN' | 'PRIORITIZE_QUALITY' | 'BALANCED' | 'PRIORITIZE_COST'>;
}

export interface GenerationConfigRoutingConfigManualRoutingMode {
  modelName?: string;
}

export interface SpeechConfig {
  voiceConfig?: VoiceConfig;
  languageCode?: string;
  multiSpeakerVoiceConfig?: MultiSpeakerVoiceConfig;
}

export interface VoiceConfig {
  replicatedVoiceConfig?: ReplicatedVoiceConfig;
  prebuiltVoiceConfig?: PrebuiltVoiceConfig;
  voice?: string;
}

export interface ReplicatedVoiceConfig {
  mimeType?: string;
  voiceSampleAudio?: string;
  consentAudio?: string;
  voiceConsentSignature?: VoiceConsentSignature;
}

export interface VoiceConsentSignature {
  signature?: string;
}

export interface PrebuiltVoiceConfig {
  voiceName?: string;
}

export interface MultiSpeakerVoiceConfig {
  speakerVoiceConfigs?: SpeakerVoiceConfig[];
}

export interface SpeakerVoiceConfig {
  speaker?: string;
  voiceConfig?: VoiceConfig;
}

export interface ThinkingConfig {
  includeThoughts?: boolean;
  thinkingBudget?: number;
  thinkingLevel?: Open<'THINKING_LEVEL_UNSPECIFIED' | 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH'>;
}

export interface TranslationConfig {
  echoTargetLanguage?: boolean;
  targetLanguageCode?: string;
}

export interface Content {
  parts?: Part[];
  role?: string;
}

export interface Part {
  mediaResolution?: PartMediaResolution;
  toolCall?: ToolCall;
  toolResponse?: ToolResponse;
  audioTranscription?: Transcription;
  codeExecutionResult?: CodeExecutionResult;
  executableCode?: ExecutableCode;
  fileData?: FileData;
  functionCall?: FunctionCall;
  functionResponse?: FunctionResponse;
  inlineData?: Blob;
  text?: string;
  thought?: boolean;
  thoughtSignature?: string;
  videoMetadata?: VideoMetadata;
  /** Gemini API only. */
  partMetadata?: Record<string, unknown>;
  mediaProcessing?: Open<'MEDIA_PROCESSING_UNSPECIFIED' | 'STATIC' | 'AGENTIC'>;
  speechMetadata?: SpeechMetadata;
}

export interface PartMediaResolution {
  level?: Open<
    | 'MEDIA_RESOLUTION_UNSPECIFIED'
    | 'MEDIA_RESOLUTION_LOW'
    | 'MEDIA_RESOLUTION_MEDIUM'
    | 'MEDIA_RESOLUTION_HIGH'
    | 'MEDIA_RESOLUTION_ULTRA_HIGH'
  >;
  numTokens?: number;
}

export interface ToolCall {
  id?: string;
  toolType?: Open<
    | 'TOOL_TYPE_UNSPECIFIED'
    | 'GOOGLE_SEARCH_WEB'
    | 'GOOGLE_SEARCH_IMAGE'
    | 'URL_CONTEXT'
    | 'GOOGLE_MAPS'
    | 'FILE_SEARCH'
    | 'MEDIA_PROCESSING'
  >;
  args?: Record<string, unknown>;
}

export interface ToolResponse {
  id?: string;
  toolType?: Open<
    | 'TOOL_TYPE_UNSPECIFIED'
    | 'GOOGLE_SEARCH_WEB'
    | 'GOOGLE_SEARCH_IMAGE'
    | 'URL_CONTEXT'
    | 'GOOGLE_MAPS'
    | 'FILE_SEARCH'
    | 'MEDIA_PROCESSING'
  >;
  response?: Record<string, unknown>;
}

export interface Transcription {
  text?: string;
  finished?: boolean;
  languageCode?: string;
  speakerLabel?: string;
  words?: WordInfo[];
  startOffset?: string;
  endOffset?: string;
}

export interface WordInfo {
  word?: string;
  startOffset?: string;
  endOffset?: string;
}

export interface CodeExecutionResult {
  outcome?: Open<'OUTCOME_UNSPECIFIED' | 'OUTCOME_OK' | 'OUTCOME_FAILED' | 'OUTCOME_DEADLINE_EXCEEDED'>;
  output?: string;
  id?: string;
}

export interface ExecutableCode {
  code?: string;
  language?: Open<'LANGUAGE_UNSPECIFIED' | 'PYTHON'>;
  id?: string;
}

export interface FileData {
  displayName?: string;
  fileUri?: string;
  mimeType?: string;
}

export interface FunctionCall {
  args?: Record<string, unknown>;
  id?: string;
  name?: string;
  /** Vertex AI only. */
  partialArgs?: PartialArg[];
  /** Vertex AI only. */
  willContinue?: boolean;
}

export interface PartialArg {
  boolValue?: boolean;
  jsonPath?: string;
  nullValue?: Open<'NULL_VALUE'>;
  numberValue?: number;
  stringValue?: string;
  willContinue?: boolean;
}

export interface FunctionResponse {
  id?: string;
  name?: string;
  parts?: FunctionResponsePart[];
  response?: Record<string, unknown>;
  scheduling?: Open<'SCHEDULING_UNSPECIFIED' | 'SILENT' | 'WHEN_IDLE' | 'INTERRUPT'>;
  /** Gemini API only. */
  willContinue?: boolean;
}

export interface FunctionResponsePart {
  fileData?: FunctionResponseFileData;
  inlineData?: FunctionResponseBlob;
  /** Gemini API only. */
  mediaProcessing?: Open<'MEDIA_PROCESSING_UNSPECIFIED' | 'STATIC' | 'AGENTIC'>;
}

export interface FunctionResponseFileData {
  displayName?: string;
  fileUri?: string;
  mimeType?: string;
}

export interface FunctionResponseBlob {
  data?: string;
  displayName?: string;
  mimeType?: string;
}

export interface Blob {
  data?: string;
  displayName?: string;
  mimeType?: string;
}

export interface VideoMetadata {
  endOffset?: string;
  fps?: number;
  startOffset?: string;
}

export interface SpeechMetadata {
  speaker?: string;
  style?: string;
}

export interface Tool {
  /** Vertex AI only. */
  retrieval?: Retrieval;
  googleMaps?: GoogleMaps;
  /** Gemini API only. */
  mcpServers?: McpServer[];
  codeExecution?: ToolCodeExecution;
  computerUse?: ComputerUse;
  /** Vertex AI only. */
  enterpriseWebSearch?: EnterpriseWebSearch;
  /** Vertex AI only. */
  exaAiSearch?: ToolExaAiSearch;
  functionDeclarations?: FunctionDeclaration[];
  googleSearch?: GoogleSearch;
  googleSearchRetrieval?: GoogleSearchRetrieval;
  /** Vertex AI only. */
  parallelAiSearch?: ToolParallelAiSearch;
  urlContext?: UrlContext;
  /** Gemini API only. */
  fileSearch?: FileSearch;
}

export interface Retrieval {
  disableAttribution?: boolean;
  externalApi?: ExternalApi;
  vertexAiSearch?: VertexAISearch;
  vertexRagStore?: VertexRagStore;
}

export interface ExternalApi {
  apiAuth?: ApiAuth;
  apiSpec?: Open<'API_SPEC_UNSPECIFIED' | 'SIMPLE_SEARCH' | 'ELASTIC_SEARCH'>;
  authConfig?: AuthConfig;
  elasticSearchParams?: ExternalApiElasticSearchParams;
  endpoint?: string;
  simpleSearchParams?: ExternalApiSimpleSearchParams;
}

export interface ApiAuth {
  apiKeyConfig?: ApiAuthApiKeyConfig;
}

export interface ApiAuthApiKeyConfig {
  apiKeySecretVersion?: string;
  apiKeyString?: string;
}

export interface AuthConfig {
  /** Vertex AI only. */
  apiKey?: string;
  apiKeyConfig?: ApiKeyConfig;
  authType?: Open<
    | 'AUTH_TYPE_UNSPECIFIED'
    | 'NO_AUTH'
    | 'API_KEY_AUTH'
    | 'HTTP_BASIC_AUTH'
    | 'GOOGLE_SERVICE_ACCOUNT_AUTH'
    | 'OAUTH'
    | 'OIDC_AUTH'
  >;
  googleServiceAccountConfig?: AuthConfigGoogleServiceAccountConfig;
  httpBasicAuthConfig?: AuthConfigHttpBasicAuthConfig;
  oauthConfig?: AuthConfigOauthConfig;
  oidcConfig?: AuthConfigOidcConfig;
}

export interface ApiKeyConfig {
  apiKeySecret?: string;
  apiKeyString?: string;
  httpElementLocation?: Open<
    | 'HTTP_IN_UNSPECIFIED'
    | 'HTTP_IN_QUERY'
    | 'HTTP_IN_HEADER'
    | 'HTTP_IN_PATH'
    | 'HTTP_IN_BODY'
    | 'HTTP_IN_COOKIE'
  >;
  name?: string;
}

export interface AuthConfigGoogleServiceAccountConfig {
  serviceAccount?: string;
}

export interface AuthConfigHttpBasicAuthConfig {
  credentialSecret?: string;
}

export interface AuthConfigOauthConfig {
  accessToken?: string;
  serviceAccount?: string;
}

export interface AuthConfigOidcConfig {
  idToken?: string;
  serviceAccount?: string;
}

export interface ExternalApiElasticSearchParams {
  index?: string;
  numHits?: number;
  searchTemplate?: string;
}

export type ExternalApiSimpleSearchParams = Record<string, never>;

export interface VertexAISearch {
  dataStoreSpecs?: VertexAISearchDataStoreSpec[];
  datastore?: string;
  engine?: string;
  filter?: string;
  maxResults?: number;
}

export interface VertexAISearchDataStoreSpec {
  dataStore?: string;
  filter?: string;
}

export interface VertexRagStore {
  ragCorpora?: string[];
  ragResources?: VertexRagStoreRagResource[];
  ragRetrievalConfig?: RagRetrievalConfig;
  similarityTopK?: number;
  storeContext?: boolean;
  vectorDistanceThreshold?: number;
}

export interface VertexRagStoreRagResource {
  ragCorpus?: string;
  ragFileIds?: string[];
}

export interface RagRetrievalConfig {
  filter?: RagRetrievalConfigFilter;
  hybridSearch?: RagRetrievalConfigHybridSearch;
  ranking?: RagRetrievalConfigRanking;
  topK?: number;
}

export interface RagRetrievalConfigFilter {
  metadataFilter?: string;
  vectorDistanceThreshold?: number;
  vectorSimilarityThreshold?: number;
}

export interface RagRetrievalConfigHybridSearch {
  alpha?: number;
}

export interface RagRetrievalConfigRanking {
  llmRanker?: RagRetrievalConfigRankingLlmRanker;
  rankService?: RagRetrievalConfigRankingRankService;
}

export interface RagRetrievalConfigRankingLlmRanker {
  modelName?: string;
}

export interface RagRetrievalConfigRankingRankService {
  modelName?: string;
}

export interface GoogleMaps {
  /** Vertex AI only. */
  authConfig?: AuthConfig;
  enableWidget?: boolean;
  /** Vertex AI only. */
  groundingTypes?: GoogleMapsGroundingTypes;
}

export interface GoogleMapsGroundingTypes {
  places?: GoogleMapsPlaces;
  routing?: GoogleMapsRouting;
}

export type GoogleMapsPlaces = Record<string, never>;

export type GoogleMapsRouting = Record<string, never>;

export interface McpServer {
  name?: string;
  streamableHttpTransport?: StreamableHttpTransport;
}

export interface StreamableHttpTransport {
  headers?: Record<string, unknown>;
  sseReadTimeout?: string;
  terminateOnClose?: boolean;
  timeout?: string;
  url?: string;
}

export type ToolCodeExecution = Record<string, never>;

export interface ComputerUse {
  enablePromptInjectionDetection?: boolean;
  environment?: Open<
    'ENVIRONMENT_UNSPECIFIED' | 'ENVIRONMENT_BROWSER' | 'ENVIRONMENT_MOBILE' | 'ENVIRONMENT_DESKTOP'
  >;
  excludedPredefinedFunctions?: string[];
  disabledSafetyPolicies?: Array<
    Open<
      | 'SAFETY_POLICY_UNSPECIFIED'
      | 'FINANCIAL_TRANSACTIONS'
      | 'SENSITIVE_DATA_MODIFICATION'
      | 'COMMUNICATION_TOOL'
      | 'ACCOUNT_CREATION'
      | 'DATA_MODIFICATION'
      | 'USER_CONSENT_MANAGEMENT'
      | 'LEGAL_TERMS_AND_AGREEMENTS'
    >
  >;
}

export interface EnterpriseWebSearch {
  blockingConfidence?: Open<
    | 'PHISH_BLOCK_THRESHOLD_UNSPECIFIED'
    | 'BLOCK_LOW_AND_ABOVE'
    | 'BLOCK_MEDIUM_AND_ABOVE'
    | 'BLOCK_HIGH_AND_ABOVE'
    | 'BLOCK_HIGHER_AND_ABOVE'
    | 'BLOCK_VERY_HIGH_AND_ABOVE'
    | 'BLOCK_ONLY_EXTREMELY_HIGH'
  >;
  excludeDomains?: string[];
}

export interface ToolExaAiSearch {
  apiKey?: string;
  customConfigs?: Record<string, unknown>;
}

export interface FunctionDeclaration {
  behavior?: Open<'UNSPECIFIED' | 'BLOCKING' | 'NON_BLOCKING'>;
  description?: string;
  name?: string;
  parameters?: Schema;
  parametersJsonSchema?: unknown;
  response?: Schema;
  responseJsonSchema?: unknown;
}

export interface GoogleSearch {
  /** Vertex AI only. */
  blockingConfidence?: Open<
    | 'PHISH_BLOCK_THRESHOLD_UNSPECIFIED'
    | 'BLOCK_LOW_AND_ABOVE'
    | 'BLOCK_MEDIUM_AND_ABOVE'
    | 'BLOCK_HIGH_AND_ABOVE'
    | 'BLOCK_HIGHER_AND_ABOVE'
    | 'BLOCK_VERY_HIGH_AND_ABOVE'
    | 'BLOCK_ONLY_EXTREMELY_HIGH'
  >;
  /** Vertex AI only. */
  excludeDomains?: string[];
  searchTypes?: SearchTypes;
  /** Gemini API only. */
  timeRangeFilter?: Interval;
}

export interface SearchTypes {
  imageSearch?: ImageSearch;
  webSearch?: WebSearch;
}

export type ImageSearch = Record<string, never>;

export type WebSearch = Record<string, never>;

export interface Interval {
  endTime?: string;
  startTime?: string;
}

export interface GoogleSearchRetrieval {
  dynamicRetrievalConfig?: DynamicRetrievalConfig;
}

export interface DynamicRetrievalConfig {
  dynamicThreshold?: number;
  mode?: Open<'MODE_UNSPECIFIED' | 'MODE_DYNAMIC'>;
}

export interface ToolParallelAiSearch {
  apiKey?: string;
  customConfigs?: Record<string, unknown>;
  enableDataRetention?: boolean;
  enableZeroDataRetention?: boolean;
}

export type UrlContext = Record<string, never>;

export interface FileSearch {
  fileSearchStoreNames?: string[];
  metadataFilter?: string;
  topK?: number;
}

export interface RealtimeInputConfig {
  automaticActivityDetection?: AutomaticActivityDetection;
  activityHandling?: Open<
    'ACTIVITY_HANDLING_UNSPECIFIED' | 'START_OF_ACTIVITY_INTERRUPTS' | 'NO_INTERRUPTION'
  >;
  turnCoverage?: Open<
    | 'TURN_COVERAGE_UNSPECIFIED'
    | 'TURN_INCLUDES_ONLY_ACTIVITY'
    | 'TURN_INCLUDES_ALL_INPUT'
    | 'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO'
  >;
  interimTranscriptTimestampEnabled?: boolean;
}

export interface AutomaticActivityDetection {
  disabled?: boolean;
  startOfSpeechSensitivity?: Open<
    'START_SENSITIVITY_UNSPECIFIED' | 'START_SENSITIVITY_HIGH' | 'START_SENSITIVITY_LOW'
  >;
  endOfSpeechSensitivity?: Open<
    'END_SENSITIVITY_UNSPECIFIED' | 'END_SENSITIVITY_HIGH' | 'END_SENSITIVITY_LOW'
  >;
  prefixPaddingMs?: number;
  silenceDurationMs?: number;
}

export interface SessionResumptionConfig {
  handle?: string;
  transparent?: boolean;
}

export interface ContextWindowCompressionConfig {
  triggerTokens?: string;
  slidingWindow?: SlidingWindow;
}

export interface SlidingWindow {
  targetTokens?: string;
}

export interface ProactivityConfig {
  proactiveAudio?: boolean;
  proactiveVideo?: boolean;
}

export interface HistoryConfig {
  initialHistoryInClientContent?: boolean;
}

export interface AvatarConfig {
  avatarName?: string;
  customizedAvatar?: CustomizedAvatar;
  audioBitrateBps?: number;
  videoBitrateBps?: number;
}

export interface CustomizedAvatar {
  imageMimeType?: string;
  imageData?: string;
}

export interface SafetySetting {
  category?: Open<
    | 'HARM_CATEGORY_UNSPECIFIED'
    | 'HARM_CATEGORY_HARASSMENT'
    | 'HARM_CATEGORY_HATE_SPEECH'
    | 'HARM_CATEGORY_SEXUALLY_EXPLICIT'
    | 'HARM_CATEGORY_DANGEROUS_CONTENT'
    | 'HARM_CATEGORY_CIVIC_INTEGRITY'
    | 'HARM_CATEGORY_JAILBREAK'
    | 'HARM_CATEGORY_IMAGE_HATE'
    | 'HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT'
    | 'HARM_CATEGORY_IMAGE_HARASSMENT'
    | 'HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT'
  >;
  /** Vertex AI only. */
  method?: Open<'HARM_BLOCK_METHOD_UNSPECIFIED' | 'SEVERITY' | 'PROBABILITY'>;
  threshold?: Open<
    | 'HARM_BLOCK_THRESHOLD_UNSPECIFIED'
    | 'BLOCK_LOW_AND_ABOVE'
    | 'BLOCK_MEDIUM_AND_ABOVE'
    | 'BLOCK_ONLY_HIGH'
    | 'BLOCK_NONE'
    | 'OFF'
  >;
}

export interface LiveClientContent {
  turns?: Content[];
  turnComplete?: boolean;
}

export interface LiveClientRealtimeInput {
  mediaChunks?: Blob[];
  audio?: Blob;
  audioStreamEnd?: boolean;
  video?: Blob;
  text?: string;
  activityStart?: ActivityStart;
  activityEnd?: ActivityEnd;
}

export type ActivityStart = Record<string, never>;

export type ActivityEnd = Record<string, never>;

export interface LiveClientToolResponse {
  functionResponses?: FunctionResponse[];
}

export interface LiveClientContextUpdate {
  systemInstruction?: Content;
  tools?: LiveClientContextUpdateTools;
}

export interface LiveClientContextUpdateTools {
  tools?: Tool[];
}

export interface LiveServerMessage {
  setupComplete?: LiveServerSetupComplete;
  serverContent?: LiveServerContent;
  toolCall?: LiveServerToolCall;
  toolCallCancellation?: LiveServerToolCallCancellation;
  usageMetadata?: UsageMetadata;
  goAway?: LiveServerGoAway;
  sessionResumptionUpdate?: LiveServerSessionResumptionUpdate;
  voiceActivityDetectionSignal?: VoiceActivityDetectionSignal;
  voiceActivity?: VoiceActivity;
}

export interface LiveServerSetupComplete {
  sessionId?: string;
  voiceConsentSignature?: VoiceConsentSignature;
}

export interface LiveServerContent {
  modelTurn?: Content;
  turnComplete?: boolean;
  interrupted?: boolean;
  groundingMetadata?: GroundingMetadata;
  generationComplete?: boolean;
  inputTranscription?: Transcription;
  interimInputTranscription?: Transcription;
  outputTranscription?: Transcription;
  urlContextMetadata?: UrlContextMetadata;
  turnCompleteReason?: Open<
    | 'TURN_COMPLETE_REASON_UNSPECIFIED'
    | 'MALFORMED_FUNCTION_CALL'
    | 'RESPONSE_REJECTED'
    | 'NEED_MORE_INPUT'
    | 'PROHIBITED_INPUT_CONTENT'
    | 'IMAGE_PROHIBITED_INPUT_CONTENT'
    | 'INPUT_TEXT_CONTAIN_PROMINENT_PERSON_PROHIBITED'
    | 'INPUT_IMAGE_CELEBRITY'
    | 'INPUT_IMAGE_PHOTO_REALISTIC_CHILD_PROHIBITED'
    | 'INPUT_TEXT_NCII_PROHIBITED'
    | 'INPUT_OTHER'
    | 'INPUT_IP_PROHIBITED'
    | 'BLOCKLIST'
    | 'UNSAFE_PROMPT_FOR_IMAGE_GENERATION'
    | 'GENERATED_IMAGE_SAFETY'
    | 'GENERATED_CONTENT_SAFETY'
    | 'GENERATED_AUDIO_SAFETY'
    | 'GENERATED_VIDEO_SAFETY'
    | 'GENERATED_CONTENT_PROHIBITED'
    | 'GENERATED_CONTENT_BLOCKLIST'
    | 'GENERATED_IMAGE_PROHIBITED'
    | 'GENERATED_IMAGE_CELEBRITY'
    | 'GENERATED_IMAGE_PROMINENT_PEOPLE_DETECTED_BY_REWRITER'
    | 'GENERATED_IMAGE_IDENTIFIABLE_PEOPLE'
    | 'GENERATED_IMAGE_MINORS'
    | 'OUTPUT_IMAGE_IP_PROHIBITED'
    | 'GENERATED_OTHER'
    | 'MAX_REGENERATION_REACHED'
  >;
  waitingForInput?: boolean;
  interactionStatus?: Open<'INTERACTION_STATUS_UNSPECIFIED' | 'IN_PROGRESS' | 'REQUIRES_ACTION' | 'IDLE'>;
}

export interface GroundingMetadata {
  groundingChunks?: GroundingChunk[];
  groundingSupports?: GroundingSupport[];
  retrievalMetadata?: RetrievalMetadata;
  searchEntryPoint?: SearchEntryPoint;
  webSearchQueries?: string[];
  googleMapsWidgetContextToken?: string;
  imageSearchQueries?: string[];
  /** Vertex AI only. */
  retrievalQueries?: string[];
  /** Vertex AI only. */
  sourceFlaggingUris?: GroundingMetadataSourceFlaggingUri[];
}

export interface GroundingChunk {
  maps?: GroundingChunkMaps;
  image?: GroundingChunkImage;
  retrievedContext?: GroundingChunkRetrievedContext;
  web?: GroundingChunkWeb;
}

export interface GroundingChunkMaps {
  placeAnswerSources?: GroundingChunkMapsPlaceAnswerSources;
  placeId?: string;
  text?: string;
  title?: string;
  uri?: string;
  route?: GroundingChunkMapsRoute;
}

export interface GroundingChunkMapsPlaceAnswerSources {
  reviewSnippet?: GroundingChunkMapsPlaceAnswerSourcesReviewSnippet[];
  flagContentUri?: string;
  reviewSnippets?: GroundingChunkMapsPlaceAnswerSourcesReviewSnippet[];
}

export interface GroundingChunkMapsPlaceAnswerSourcesReviewSnippet {
  authorAttribution?: GroundingChunkMapsPlaceAnswerSourcesAuthorAttribution;
  flagContentUri?: string;
  googleMapsUri?: string;
  relativePublishTimeDescription?: string;
  review?: string;
  reviewId?: string;
  title?: string;
}

export interface GroundingChunkMapsPlaceAnswerSourcesAuthorAttribution {
  displayName?: string;
  photoUri?: string;
  uri?: string;
}

export interface GroundingChunkMapsRoute {
  distanceMeters?: number;
  duration?: string;
  encodedPolyline?: string;
}

export interface GroundingChunkImage {
  domain?: string;
  imageUri?: string;
  sourceUri?: string;
  title?: string;
}

export interface GroundingChunkRetrievedContext {
  /** Vertex AI only. */
  documentName?: string;
  /** Vertex AI only. */
  ragChunk?: RagChunk;
  text?: string;
  title?: string;
  uri?: string;
  /** Gemini API only. */
  customMetadata?: GroundingChunkCustomMetadata[];
  /** Gemini API only. */
  fileSearchStore?: string;
  /** Gemini API only. */
  mediaId?: string;
  /** Gemini API only. */
  pageNumber?: number;
}

export interface RagChunk {
  chunkId?: string;
  fileId?: string;
  pageSpan?: RagChunkPageSpan;
  text?: string;
}

export interface RagChunkPageSpan {
  firstPage?: number;
  lastPage?: number;
}

export interface GroundingChunkCustomMetadata {
  key?: string;
  numericValue?: number;
  stringListValue?: GroundingChunkStringList;
  stringValue?: string;
}

export interface GroundingChunkStringList {
  values?: string[];
}

export interface GroundingChunkWeb {
  /** Vertex AI only. */
  domain?: string;
  title?: string;
  uri?: string;
}

export interface GroundingSupport {
  confidenceScores?: number[];
  groundingChunkIndices?: number[];
  segment?: Segment;
  renderedParts?: number[];
}

export interface Segment {
  startIndex?: number;
  endIndex?: number;
  partIndex?: number;
  text?: string;
}

export interface RetrievalMetadata {
  googleSearchDynamicRetrievalScore?: number;
}

export interface SearchEntryPoint {
  renderedContent?: string;
  sdkBlob?: string;
}

export interface GroundingMetadataSourceFlaggingUri {
  flagContentUri?: string;
  sourceId?: string;
}

export interface UrlContextMetadata {
  urlMetadata?: UrlMetadata[];
}

export interface UrlMetadata {
  retrievedUrl?: string;
  urlRetrievalStatus?: Open<
    | 'URL_RETRIEVAL_STATUS_UNSPECIFIED'
    | 'URL_RETRIEVAL_STATUS_SUCCESS'
    | 'URL_RETRIEVAL_STATUS_ERROR'
    | 'URL_RETRIEVAL_STATUS_PAYWALL'
    | 'URL_RETRIEVAL_STATUS_UNSAFE'
  >;
}

export interface LiveServerToolCall {
  functionCalls?: FunctionCall[];
}

export interface LiveServerToolCallCancellation {
  ids?: string[];
}

export interface UsageMetadata {
  responseTokenCount?: number;
  responseTokensDetails?: ModalityTokenCount[];
  cacheTokensDetails?: ModalityTokenCount[];
  cachedContentTokenCount?: number;
  promptTokenCount?: number;
  promptTokensDetails?: ModalityTokenCount[];
  thoughtsTokenCount?: number;
  toolUsePromptTokenCount?: number;
  toolUsePromptTokensDetails?: ModalityTokenCount[];
  totalTokenCount?: number;
  /** Vertex AI only. */
  trafficType?: Open<
    | 'TRAFFIC_TYPE_UNSPECIFIED'
    | 'ON_DEMAND'
    | 'ON_DEMAND_PRIORITY'
    | 'ON_DEMAND_FLEX'
    | 'ON_DEMAND_OFFPEAK'
    | 'PROVISIONED_THROUGHPUT'
  >;
  /** Gemini API only. */
  serviceTier?: Open<'unspecified' | 'flex' | 'standard' | 'priority'>;
}

export interface ModalityTokenCount {
  modality?: Open<'MODALITY_UNSPECIFIED' | 'TEXT' | 'IMAGE' | 'VIDEO' | 'AUDIO' | 'DOCUMENT'>;
  tokenCount?: number;
}

export interface LiveServerGoAway {
  timeLeft?: string;
}

export interface LiveServerSessionResumptionUpdate {
  newHandle?: string;
  resumable?: boolean;
  lastConsumedClientMessageIndex?: string;
}

export interface VoiceActivityDetectionSignal {
  vadSignalType?: Open<'VAD_SIGNAL_TYPE_UNSPECIFIED' | 'VAD_SIGNAL_TYPE_SOS' | 'VAD_SIGNAL_TYPE_EOS'>;
}

export interface VoiceActivity {
  voiceActivityType?: Open<'TYPE_UNSPECIFIED' | 'ACTIVITY_START' | 'ACTIVITY_END'>;
  audioOffset?: string;
}
