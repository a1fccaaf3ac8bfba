import type { ModelProfile } from '../profiles';
import { VOICES } from '../profiles';
import type { Draft } from './draft';

const MODALITIES = 'generationConfig.responseModalities';
const RESOLUTION = 'generationConfig.mediaResolution';
const THINKING = 'generationConfig.thinkingConfig';
const VOICE = 'generationConfig.speechConfig.voiceConfig.prebuiltVoiceConfig.voiceName';
const LANGUAGE = 'generationConfig.speechConfig.languageCode';

/** Modality, thinking, speech and pictures: what stands in `generationConfig`. */
export function fitGeneration(draft: Draft, profile: ModelProfile): void {
  modality(draft, profile);
  thinking(draft, profile);
  speech(draft, profile);
  const resolution = draft.get(RESOLUTION);
  const { mediaResolution: known, maxFramesPerSecond, name } = profile;
  if (maxFramesPerSecond === 0) draft.drop(RESOLUTION, `${name} looks at no pictures`);
  else if (isSet(resolution) && known.length > 0 && !known.includes(String(resolution))) {
    draft.drop(RESOLUTION, `${name} has ${known.join(', ')}`);
  }
  if (!profile.translation) {
    draft.drop(
      'generationConfig.translationConfig',
      `${profile.name} does not translate by itself; a translating model such as gemini-3.5-live-translate-preview does`,
    );
  }
}

/** TEXT on a speaking model ends the session with 1007 "Cannot extract voices from a non-audio request". */
function modality(draft: Draft, profile: ModelProfile): void {
  if (draft.has(MODALITIES)) return;
  const asked = draft.get(MODALITIES);
  const list = Array.isArray(asked) ? (asked as string[]) : [];
  const [usual] = profile.modalities;
  if (list.length === 0) {
    // AUDIO is the service's default.
    if (usual !== 'AUDIO') draft.put(MODALITIES, [usual]);
    return;
  }
  const accepted = list.filter((item) => (profile.modalities as readonly string[]).includes(item));
  if (accepted.length === list.length && (list.length === 1 || profile.prefixes.length === 0)) return;
  const answer = accepted[0] ?? usual;
  draft.put(
    MODALITIES,
    [answer],
    accepted.length > 1
      ? `A session has one response modality: ${answer} was sent, not ${list.join(' and ')}.`
      : `${profile.name} answers in ${profile.modalities.join(' or ')} only: ${answer} was sent, not ${list.join(' and ')}.` +
          (answer === 'AUDIO' ? ' The text comes as transcription of the speech.' : ''),
  );
  const wanted = answer === 'AUDIO' && list.includes('TEXT');
  if (wanted && draft.get('outputAudioTranscription') === undefined)
    draft.put('outputAudioTranscription', {});
}

function thinking(draft: Draft, profile: ModelProfile): void {
  const { style, levels = [], default: usual, required, budget } = profile.thinking;
  const level = draft.get(`${THINKING}.thinkingLevel`);
  const tokens = draft.get(`${THINKING}.thinkingBudget`);
  if (style === 'none') {
    draft.drop(THINKING, `${profile.name} decides by itself how much to think and refuses the setting`);
  } else if (style === 'budget') {
    draft.drop(`${THINKING}.thinkingLevel`, `${profile.name} takes thinkingBudget (tokens), no level`);
    const outside = budget && typeof tokens === 'number' && (tokens < budget.min || tokens > budget.max);
    if (outside) {
      draft.drop(
        `${THINKING}.thinkingBudget`,
        `${profile.name} takes ${budget.min} (its own choice) to ${budget.max} tokens`,
      );
    }
  } else if (style === 'level') {
    draft.drop(
      `${THINKING}.thinkingBudget`,
      `${profile.name} takes thinkingLevel (${levels.join(', ')}), no budget`,
    );
    const known = levels.some((name) => name === String(level).toUpperCase());
    if (!isSet(level)) draft.omit(`${THINKING}.thinkingLevel`);
    else if (!known) {
      draft.drop(`${THINKING}.thinkingLevel`, `${profile.name} has the levels ${levels.join(', ')}`);
    }
    if (required && draft.get(`${THINKING}.thinkingLevel`) === undefined) {
      draft.put(
        `${THINKING}.thinkingLevel`,
        usual,
        `${profile.name} needs a thinking level: ${usual} was sent. Choose one of ${levels.join(', ')}.`,
      );
    }
  }
}

function speech(draft: Draft, profile: ModelProfile): void {
  const speaks = profile.modalities.includes('AUDIO');
  if (!speaks) {
    draft.drop('generationConfig.speechConfig', `${profile.name} does not speak`);
    return;
  }
  const voice = draft.get(VOICE);
  if (typeof voice === 'string' && profile.voices.length > 0 && !profile.voices.includes(voice)) {
    if (VOICES.includes(voice)) {
      draft.drop(
        VOICE,
        `${profile.name} does not have the voice ${voice}, it has ${profile.voices.join(', ')}`,
      );
    } else if (!draft.has(VOICE)) {
      draft.warn(
        VOICE,
        `No voice "${voice.slice(0, 40)}" is known: if it does not exist, the service refuses the session.`,
      );
    }
  }
  const language = draft.get(LANGUAGE);
  const known = profile.languages.length === 0 || profile.languages.includes(String(language));
  if (typeof language === 'string' && !known && !draft.has(LANGUAGE)) {
    draft.warn(
      LANGUAGE,
      `"${language.slice(0, 40)}" is not among the documented languages of ${profile.name}` +
        (profile.choosesLanguage ? '. It chooses the language by itself: say it in the instructions.' : '.'),
    );
  }
}

/** An enum value that ends in UNSPECIFIED is the same as none. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && !String(value).endsWith('_UNSPECIFIED');
}
