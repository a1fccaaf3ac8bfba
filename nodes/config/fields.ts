/** How a field is edited and what it may hold. */
export interface Field {
  /** `choice` offers a list and takes anything; `secret` is a credential of several lines. */
  kind: 'text' | 'area' | 'number' | 'whole' | 'check' | 'select' | 'choice' | 'password' | 'secret' | 'json';
  /** Value of a new node. */
  value: string | boolean;
  /** Value in a flow that was saved before the field existed, where that is another one. */
  missing?: boolean;
  /** Font Awesome 4 name. */
  icon?: string;
  options?: readonly string[];
  /** Name of the list of a `choice`, see `nodes/shared/editor/lists.ts`. */
  list?: string;
  min?: number;
  max?: number;
  /** Label of what stands after a number. */
  unit?: string;
  /** Shown and used only if this holds, see `nodes/shared/show.ts`; `@…` are facts of the model. */
  show?: string;
  /** Must not be empty while it is shown. */
  needed?: boolean;
  /** Form beyond the kind. */
  form?: 'address' | 'languages' | 'headers' | 'serviceAccount';
  /** Kept with the credentials, never exported. */
  credential?: 'password' | 'text';
  /** Key of the placeholder text, or the text itself after `=`. */
  hint?: string;
}

type More = Partial<Omit<Field, 'kind' | 'value'>>;

const text = (more: More = {}): Field => ({ kind: 'text', value: '', ...more });
const choice = (list: string, icon: string, more: More = {}): Field => ({
  ...text({ list, icon, ...more }),
  kind: 'choice',
});
const number = (min: number, max: number, more: More = {}): Field => ({
  ...text({ min, max, hint: 'own', ...more }),
  kind: 'number',
});
const whole = (min: number, max: number, more: More = {}): Field => ({
  ...number(min, max, more),
  kind: 'whole',
});
const check = (value: boolean, more: More = {}): Field => ({ kind: 'check', value, ...more });
const select = (options: readonly string[], more: More = {}): Field => ({
  kind: 'select',
  value: options[0] ?? '',
  options,
  ...more,
});
const password = (more: More = {}): Field => ({
  kind: 'password',
  value: '',
  credential: 'password',
  ...more,
});
const secret = (more: More = {}): Field => ({ ...password(more), kind: 'secret' });

const MINTED = 'endpoint=token and tokenFrom=mint';
const AUTOMATIC = 'detection=automatic';
const LEVELS = ['', 'MINIMAL', 'LOW', 'MEDIUM', 'HIGH'];
const SENSITIVITY = (when: string): string[] => ['', `${when}_SENSITIVITY_HIGH`, `${when}_SENSITIVITY_LOW`];
const HARM = select([
  '',
  'OFF',
  'BLOCK_NONE',
  'BLOCK_ONLY_HIGH',
  'BLOCK_MEDIUM_AND_ABOVE',
  'BLOCK_LOW_AND_ABOVE',
]);
const YEAR_S = 31_536_000;

/**
 * The fields of the config node, by section of its dialog. The build makes the dialog, its defaults and its checks of this table;
 * the runtime checks by it again. An empty value always means "as if it were not there".
 */
export const SECTIONS = {
  service: {
    endpoint: select(['auto', 'local', 'gemini', 'token', 'vertex', 'custom'], { icon: 'plug' }),
    url: text({
      icon: 'globe',
      show: 'endpoint=custom',
      needed: true,
      form: 'address',
      hint: '=http://127.0.0.1:9000',
    }),
    tokenFrom: select(['given', 'mint'], { icon: 'ticket', show: 'endpoint=token' }),
    token: password({ icon: 'key', show: 'endpoint=token and tokenFrom=given', hint: '=auth_tokens/…' }),
    apiKey: password({ icon: 'key', show: `endpoint=auto|gemini|custom or ${MINTED}`, hint: 'apiKey' }),
    tokenUses: whole(1, 10_000, { show: MINTED, hint: '=1' }),
    tokenMinutes: number(1, 1200, { show: MINTED, unit: 'minutes', hint: '=30' }),
    tokenStart: whole(1, 72_000, { show: MINTED, unit: 'seconds', hint: '=60' }),
    tokenLock: check(true, { show: MINTED }),
    project: text({ icon: 'cloud', show: 'endpoint=vertex', needed: true }),
    location: text({ icon: 'map-marker', show: 'endpoint=vertex', hint: '=us-central1' }),
    serviceAccount: secret({
      icon: 'key',
      show: 'endpoint=vertex',
      form: 'serviceAccount',
      hint: 'serviceAccount',
    }),
    scenario: choice('scenarios', 'book', { show: 'endpoint=auto|local' }),
    model: choice('models', 'cube'),
  },
  assistant: {
    instructions: { kind: 'area', value: '', icon: 'file-text-o', hint: 'instructions' },
    voice: choice('voices', 'volume-up'),
    language: choice('languages', 'language'),
  },
  answer: {
    modality: select(['', 'AUDIO', 'TEXT']),
    temperature: number(0, 2),
    topP: number(0, 1),
    topK: whole(1, 1000),
    maxOutputTokens: whole(1, 1_000_000, { unit: 'tokens' }),
    seed: whole(-2_147_483_648, 2_147_483_647, { hint: 'seed' }),
    translateTo: text({ show: '@translates=true', hint: '=de-DE' }),
  },
  thinking: {
    thinkingLevel: select(LEVELS, { show: '@thinking=level' }),
    thinkingBudget: whole(-1, 1_000_000, { show: '@thinking=budget', unit: 'tokens' }),
    includeThoughts: check(false, { show: '@thinking=level|budget' }),
  },
  manner: {
    affective: check(false, { show: '@affective=v1alpha' }),
    proactive: check(false, { show: '@proactive=v1alpha' }),
  },
  tools: {
    googleSearch: check(false),
    codeExecution: check(false),
    urlContext: check(false),
  },
  safety: {
    safetyHarassment: HARM,
    safetyHate: HARM,
    safetySexual: HARM,
    safetyDangerous: HARM,
  },
  transcripts: {
    inputTranscription: check(true),
    inputLanguages: text({ show: 'inputTranscription=true', form: 'languages', hint: 'languages' }),
    outputTranscription: check(true),
    outputLanguages: text({ show: 'outputTranscription=true', form: 'languages', hint: 'languages' }),
  },
  hearing: {
    detection: select(['automatic', 'manual']),
    startSensitivity: select(SENSITIVITY('START'), { show: AUTOMATIC }),
    endSensitivity: select(SENSITIVITY('END'), { show: AUTOMATIC }),
    prefixPaddingMs: whole(0, 30_000, { show: AUTOMATIC, unit: 'ms' }),
    silenceMs: whole(0, 30_000, { show: AUTOMATIC, unit: 'ms' }),
    activityHandling: select(['', 'START_OF_ACTIVITY_INTERRUPTS', 'NO_INTERRUPTION']),
    turnCoverage: select([
      '',
      'TURN_INCLUDES_ONLY_ACTIVITY',
      'TURN_INCLUDES_ALL_INPUT',
      'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO',
    ]),
    explicitVad: check(false, { show: 'endpoint=vertex' }),
  },
  seeing: {
    mediaResolution: select(['', 'MEDIA_RESOLUTION_LOW', 'MEDIA_RESOLUTION_MEDIUM', 'MEDIA_RESOLUTION_HIGH']),
  },
  memory: {
    resumption: check(true),
    seedHistory: check(true),
    replay: check(true, { show: 'resumption=true' }),
    compression: check(true, { missing: false }),
    triggerTokens: whole(5000, 10_000_000, { show: 'compression=true', unit: 'tokens' }),
    targetTokens: whole(0, 10_000_000, { show: 'compression=true', unit: 'tokens' }),
  },
  reconnect: {
    reconnect: check(true),
    attempts: whole(1, 100_000, { show: 'reconnect=true', hint: 'unlimited' }),
    firstDelay: number(0, YEAR_S, { show: 'reconnect=true', unit: 'seconds', hint: '=0.5' }),
    maxDelay: number(0, YEAR_S, { show: 'reconnect=true', unit: 'seconds', hint: '=30' }),
    rotateMinutes: number(0, 1440, { show: 'reconnect=true', unit: 'minutes', hint: '=8.5' }),
  },
  watching: {
    watchEmpty: check(true),
    nudge: check(false, { show: 'watchEmpty=true' }),
    watchSilent: number(0, 3600, { unit: 'seconds', hint: '=5' }),
    watchTool: number(0, 3600, { unit: 'seconds', hint: '=10' }),
    watchServer: number(0, 3600, { unit: 'seconds', hint: '=15' }),
  },
  rate: {
    turnsPerMinute: whole(1, 100_000, { hint: 'unlimited' }),
    startsPerMinute: whole(1, 100_000, { hint: 'unlimited' }),
    concurrentSessions: whole(1, 100_000, { hint: 'unlimited' }),
  },
  cost: {
    costConversation: number(0, 1_000_000, { unit: 'usd', hint: 'unlimited' }),
    costDay: number(0, 1_000_000, { unit: 'usd', hint: 'unlimited' }),
    costWarn: number(1, 100, { unit: 'percent', hint: '=80' }),
  },
  connection: {
    apiVersion: select(['', 'v1beta', 'v1alpha', 'v1'], { show: 'endpoint=auto|gemini|token|custom' }),
    setupTimeout: number(1, 600, { unit: 'seconds', hint: '=10' }),
    headers: secret({ show: 'endpoint=custom|vertex|gemini|token', form: 'headers', hint: 'headers' }),
  },
  network: {
    proxyMode: select(['', 'none', 'url'], { show: 'endpoint=auto|gemini|token|vertex|custom' }),
    proxyUrl: text({
      show: 'proxyMode=url',
      needed: true,
      form: 'address',
      hint: '=http://proxy.example.org:3128',
    }),
    proxyUser: text({ show: 'proxyMode=url', credential: 'text' }),
    proxyPassword: password({ show: 'proxyMode=url' }),
    ca: { kind: 'area', value: '', show: 'endpoint=auto|gemini|token|vertex|custom', hint: 'ca' },
  },
  raw: {
    raw: { kind: 'json', value: '', hint: '={"realtimeInputConfig": {}}' },
  },
} satisfies Record<string, Record<string, Field>>;

type Sections = typeof SECTIONS;

/** A section of the dialog. */
export type SectionName = keyof Sections;

/** A field of the dialog, credentials included. */
export type FieldName = { [S in SectionName]: keyof Sections[S] & string }[SectionName];

/** All fields by name, in the order of the dialog. */
export const FIELDS = Object.assign({}, ...Object.values(SECTIONS)) as Readonly<Record<FieldName, Field>>;

/** What Node-RED keeps apart from the flow. */
export const CREDENTIALS = Object.fromEntries(
  Object.entries(FIELDS).flatMap(([name, { credential }]) =>
    credential ? [[name, { type: credential }]] : [],
  ),
) as Readonly<Record<string, { type: 'password' | 'text' }>>;
