import { readFile } from 'node:fs/promises';
import type { LiveConnectConfig } from '../../protocol';
import { EXIT, Failure } from './failure';
import type { ChatOptions } from './options';
import type { ChatTool } from './tools';

/** The configuration of a session that is talked to in text. */
export async function chatConfig(
  { voice, language, system }: Pick<ChatOptions, 'voice' | 'language' | 'system'>,
  tools: readonly ChatTool[] = [],
): Promise<LiveConnectConfig> {
  const instructions = system?.startsWith('@') ? await instructionsIn(system.slice(1)) : system;
  const functionDeclarations = tools.map(({ run: _run, ...declaration }) => declaration);
  return {
    responseModalities: ['AUDIO'],
    inputAudioTranscription: {},
    outputAudioTranscription: {},
    sessionResumption: {},
    contextWindowCompression: { slidingWindow: {} },
    ...((voice || language) && {
      speechConfig: {
        ...(voice && { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } }),
        ...(language && { languageCode: language }),
      },
    }),
    ...(instructions && { systemInstruction: instructions }),
    ...(functionDeclarations.length > 0 && { tools: [{ functionDeclarations }] }),
  };
}

async function instructionsIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(EXIT.usage, `The instructions in ${file} cannot be read (${code}).`, 'Check its name.');
  }
}
