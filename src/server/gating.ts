import type { LiveClientSetup } from '../protocol';
import { Refusal } from './client-message';
import { closes } from './closes';
import type { ModelTraits } from './models';
import type { Route } from './routes';

/**
 * Refuses what a model, a backend or a version does not take. Which of these words the service uses is known only for
 * some; docs/protocol.md, "What the local server does", marks the others.
 * @throws Refusal with the close of the service
 */
export function refuseUnsupported(setup: LiveClientSetup, route: Route, traits: ModelTraits): void {
  if (route.backend === 'gemini') refuseForeignFields(setup, route);
  const { generationConfig = {}, proactivity, historyConfig, tools = [], systemInstruction } = setup;
  const functions = tools.flatMap((tool) => tool.functionDeclarations ?? []);
  const invalid = [
    !thinkingFits(generationConfig.thinkingConfig, traits),
    proactivity && traits.proactivity === 'no',
    proactivity?.proactiveAudio === false && traits.proactivity === 'always',
    generationConfig.enableAffectiveDialog !== undefined && traits.affective === 'no',
    generationConfig.translationConfig && !traits.translation,
    !traits.instructions && (tools.length > 0 || systemInstruction || historyConfig),
    functions.some(({ behavior }) => behavior && !takesBehavior(behavior, traits)),
  ];
  if (invalid.some(Boolean)) throw new Refusal(closes.invalidArgument());
}

/** Whether the service would read this setup and then say nothing for ever. */
export function neverAnswered(
  { proactivity, generationConfig }: LiveClientSetup,
  traits: ModelTraits,
): boolean {
  return (
    (proactivity !== undefined && traits.proactivity === 'hangs') ||
    (generationConfig?.enableAffectiveDialog === true && traits.affective === 'hangs')
  );
}

/** Fields that only Vertex AI knows, or only the alpha version of the Gemini API. */
function refuseForeignFields(setup: LiveClientSetup, { apiVersion }: Route): void {
  const unknown = (name: string, path = 'setup'): never => {
    throw new Refusal(closes.unknownName(name, path));
  };
  if (setup.sessionResumption?.transparent !== undefined) unknown('transparent', 'setup.session_resumption');
  if (setup.explicitVadSignal !== undefined) unknown('explicitVadSignal');
  if (setup.labels !== undefined) unknown('labels');
  if (apiVersion === 'v1alpha') return;
  if (setup.proactivity) unknown('proactivity');
  if (setup.generationConfig?.enableAffectiveDialog !== undefined) {
    unknown('enableAffectiveDialog', 'setup.generation_config');
  }
}

type Thinking = NonNullable<LiveClientSetup['generationConfig']>['thinkingConfig'];

function thinkingFits(asked: Thinking, { thinking, thinkingLevels, thinkingRequired }: ModelTraits): boolean {
  if (!asked) return !thinkingRequired;
  if (thinking === 'none') return false;
  if (thinking === 'budget') return asked.thinkingLevel === undefined;
  if (asked.thinkingBudget !== undefined) return false;
  return asked.thinkingLevel === undefined ? !thinkingRequired : thinkingLevels.includes(asked.thinkingLevel);
}

function takesBehavior(behavior: string, { behaviors }: ModelTraits): boolean {
  return behavior === 'UNSPECIFIED' || (behaviors as readonly string[]).includes(behavior);
}
