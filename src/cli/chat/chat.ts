import { LiveSession, Recorder } from '../../live';
import { handleLine } from './commands';
import { chatConfig } from './config';
import { asFailure, EXIT, type Failure } from './failure';
import { Lines } from './lines';
import type { ChatOptions } from './options';
import { modelOf, openPlace, type Place } from './place';
import { Screen, type World } from './screen';
import { onStop } from './signals';
import { Sound } from './sound';
import { keepState, stateIn } from './state-file';
import { Talk } from './talk';
import { loadTools, type ChatTool } from './tools';

/** Attempts to connect in a row before a script is told; a person may stop it any time. */
const ATTEMPTS = { person: 10, script: 3 };

/** `gemini-live chat`. @returns the exit code */
export async function chat(options: ChatOptions, world: World): Promise<number> {
  const screen = new Screen(world, options.json);
  const tools = options.tools === undefined ? [] : await loadTools(options.tools);
  const config = await chatConfig(options, tools);
  const resumeFrom = options.resume === undefined ? undefined : await stateIn(options.resume);
  const place = await openPlace(options, world.env);
  try {
    const recorder = recorderOf(options, place, screen);
    const person = options.once === undefined && world.input.isTTY === true;
    const session = new LiveSession({
      endpoint: place.endpoint,
      model: modelOf(options, world.env),
      config,
      resumeFrom,
      tap: recorder,
      setupTimeoutMs: options.timeout * 1000,
      recovery: { maxAttempts: person ? ATTEMPTS.person : ATTEMPTS.script },
    });
    const code = await new Chat(options, { place, session, screen, tools, person }, world).run();
    const recorded = await recorder?.close();
    if (recorded) screen.note(`Recorded ${recorded.frames} frames in ${recorded.file}.`);
    return code;
  } finally {
    await place.release();
  }
}

function recorderOf({ record }: ChatOptions, { secrets }: Place, screen: Screen): Recorder | undefined {
  if (record === undefined) return undefined;
  return new Recorder({ file: record, secrets, onWarning: ({ message }) => screen.problem(message) });
}

interface ChatParts {
  place: Place;
  session: LiveSession;
  screen: Screen;
  tools: ChatTool[];
  /** Somebody sits in front. */
  person: boolean;
}

/** One run of the chat, from the connection to its end. */
class Chat {
  private readonly talk: Talk;
  private readonly sound: Sound;
  private lines: Lines | undefined;
  /** Ctrl-C was pressed since the last line: the next one ends the chat, even while the service still speaks. */
  private silenced = false;
  /** The exit code that a signal asks for. */
  private stopped: number | undefined;
  private readonly stop: Promise<void>;
  private tellStop: () => void = () => {};

  constructor(
    private readonly options: ChatOptions,
    private readonly parts: ChatParts,
    private readonly world: World,
  ) {
    const { screen, session, tools, place } = parts;
    this.sound = new Sound({ ...options, problem: (message) => screen.problem(message) });
    const timeoutMs = options.timeout * 1000;
    this.talk = new Talk({ session, screen, sound: this.sound, tools, free: place.free, timeoutMs });
    this.stop = new Promise((resolve) => (this.tellStop = resolve));
  }

  async run(): Promise<number> {
    const { session, screen, place } = this.parts;
    const off = onStop((code) => this.signal(code), this.world.out);
    let failure: Failure | undefined;
    try {
      screen.note(`Talking to ${place.words}. Model: ${session.model}.`);
      await session.connect();
      if (this.options.once === undefined) await this.converse();
      else await this.sayOnce(this.options.once);
    } catch (error) {
      failure = asFailure(error);
    }
    if (this.stopped === undefined && !failure) await Promise.race([this.sound.drained(), this.stop]);
    const complete = await this.close();
    off();
    if (this.stopped !== undefined) return this.stopped;
    if (!failure) return complete ? EXIT.ok : EXIT.failed;
    screen.problem(`gemini-live: ${failure.message}${failure.advice ? `\n${failure.advice}` : ''}`);
    return failure.exitCode;
  }

  private async sayOnce(text: string): Promise<void> {
    const { session } = this.parts;
    await Promise.race([this.talk.ask(() => session.sendText(text), text), this.stop]);
  }

  private async converse(): Promise<void> {
    const { session, screen, person } = this.parts;
    const { talk } = this;
    if (person) screen.note('Write, and press Enter. /help shows what else there is, Ctrl-C ends.');
    this.lines = new Lines(this.world.input, person ? this.world.err : undefined, () =>
      this.signal(EXIT.interrupted),
    );
    this.lines.prompt();
    const over = Promise.race([this.stop, talk.ended]).then(() => undefined);
    for (;;) {
      const line = await Promise.race([this.lines.next(), over]);
      if (line === undefined || this.stopped !== undefined) break;
      this.silenced = false;
      const done = handleLine(line, { session, talk, screen });
      if (!person) {
        // One after the other: what is said into an answer would interrupt it.
        if ((await Promise.race([done, over])) === true) continue;
        break;
      }
      if (line.trim().match(/^\/(quit|exit)$/)) break;
      void done.then(
        () => this.lines?.prompt(),
        (error: unknown) => {
          screen.problem(asFailure(error).message);
          this.lines?.prompt();
        },
      );
    }
    if (this.stopped === undefined && talk.failure) throw talk.failure;
  }

  /** Ctrl-C silences an answer first; without one, or the second time, it ends the chat. */
  private signal(code: number): void {
    const { session, screen, person } = this.parts;
    const { talk } = this;
    const answering = talk.answering && !this.silenced;
    if (code === EXIT.interrupted && person && answering && this.stopped === undefined) {
      this.silenced = true;
      session.interrupt();
      talk.giveUp();
      screen.note('  (Ctrl-C once more ends the chat)');
      return;
    }
    const idle = person && code === EXIT.interrupted && session.usable && !answering;
    this.stopped ??= idle ? EXIT.ok : code;
    talk.giveUp();
    this.tellStop();
    // While it connects there is nobody else who waits.
    if (!session.usable) void session.close();
  }

  /** @returns whether all that was to be kept is kept */
  private async close(): Promise<boolean> {
    const { session, screen } = this.parts;
    this.lines?.close();
    this.talk.giveUp();
    await session.close();
    const saved = await this.sound.close();
    const { resume } = this.options;
    const problem = resume === undefined ? undefined : await keepState(resume, session.conversationState());
    if (problem) screen.problem(problem);
    return saved && !problem;
  }
}
