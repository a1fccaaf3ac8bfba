import { readFile } from 'node:fs/promises';
import type { LiveSession } from '../../live';
import { MediaError, openAudioInput } from '../../media';
import type { Screen } from './screen';
import type { Talk } from './talk';
import { CHAT_HELP } from './usage';

/** What commands work on. */
export interface CommandContext {
  session: LiveSession;
  talk: Talk;
  screen: Screen;
}

type Command = (context: CommandContext, argument: string) => unknown;

const COMMANDS: Readonly<Record<string, { needs?: string; run: Command }>> = {
  help: { run: ({ screen }) => screen.problem(CHAT_HELP) },
  say: { needs: 'a text', run: ({ session, talk }, text) => talk.ask(() => session.say(text)) },
  interrupt: { run: ({ session }) => session.interrupt() },
  context: {
    needs: 'the new instructions',
    run: async ({ session, screen }, systemInstruction) => {
      await session.updateContext({ systemInstruction });
      screen.note('  (new instructions)');
    },
  },
  image: { needs: 'the name of a picture', run: showImage },
  audio: { needs: 'the name of a sound file', run: playAudio },
};

/**
 * Does what a line asks for: a command, or something to say.
 * @returns false when the conversation is to end
 */
export async function handleLine(line: string, context: CommandContext): Promise<boolean> {
  const { session, talk, screen } = context;
  const text = line.trim();
  if (text === '') return true;
  if (!text.startsWith('/') || text.startsWith('//')) {
    const said = text.replace(/^\/\//, '/');
    await talk.ask(() => session.sendText(said), said);
    return true;
  }
  const [, name = '', argument = ''] = /^\/(\S*)\s*(.*)$/s.exec(text) ?? [];
  if (name === 'quit' || name === 'exit') return false;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command)
    screen.problem(`There is no command /${name}. /help shows all; // begins a line with a slash.`);
  else if (command.needs && argument === '') screen.problem(`/${name} needs ${command.needs}.`);
  else await command.run(context, argument);
  return true;
}

async function showImage({ session, screen }: CommandContext, file: string): Promise<void> {
  let picture: Buffer;
  try {
    picture = await readFile(file);
  } catch (error) {
    screen.problem(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}). Check its name.`);
    return;
  }
  const known = picture.length > 4 && [0xffd8ff, 0x89504e].includes(picture.readUIntBE(0, 3));
  if (!known) {
    screen.problem(`${file} is neither JPEG nor PNG. Convert it first.`);
    return;
  }
  session.video.write(picture);
  screen.note(`  (showed ${file}, ${Math.ceil(picture.length / 1024)} KiB)`);
}

/** As fast as it was spoken: the service listens for pauses. */
async function playAudio({ session, talk, screen }: CommandContext, file: string): Promise<void> {
  const reader = openAudioInput({ source: { file }, realtime: true }).open();
  const play = async (): Promise<void> => {
    for await (const chunk of reader as AsyncIterable<Buffer>) session.audio.write(chunk);
    session.audioStreamEnd();
  };
  const playing = play();
  try {
    // Answered before its end: the rest is still to be heard.
    if (await talk.ask(() => playing)) await playing;
  } catch (error) {
    // As with a picture, the conversation goes on without it.
    if (!(error instanceof MediaError)) throw error;
    screen.problem(error.message);
  } finally {
    // Giving up takes the reader away while it is read.
    playing.catch(() => {});
    reader.destroy();
  }
}
