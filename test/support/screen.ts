import { findInPath } from '../../src/media/ffmpeg';
import { runTool, spawnTool, type ToolProcess } from '../../src/media/process';

/** Why tests with a real screen cannot run here; undefined if they can. */
export const screenMissing = missing();

function missing(): string | undefined {
  for (const [tool, name] of [
    ['Xvfb', 'xvfb'],
    ['xterm', 'xterm'],
    ['xsetroot', 'x11-xserver-utils'],
  ] as const) {
    if (!findInPath(tool).length) return `needs the Debian package "${name}" (${tool})`;
  }
  return undefined;
}

/** `describe` for suites that need a screen; without one they are skipped and the title says what is missing. */
export function describeScreen(title: string, suite: (this: Mocha.Suite) => void): void {
  if (screenMissing) describe.skip(`${title} (${screenMissing})`, suite);
  else describe(title, suite);
}

/** An X11 screen of its own, without hardware. */
export class Screen {
  readonly #windows: ToolProcess[] = [];

  private constructor(
    /** Value of `DISPLAY`. */
    readonly display: string,
    private readonly server: ToolProcess,
  ) {}

  /** Starts a screen on the next free display. */
  static async start(width = 1280, height = 720): Promise<Screen> {
    // The server itself finds a free number and writes it to the pipe.
    const server = spawnTool(
      'Xvfb',
      ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp', '-noreset'],
      { extraOutputs: 1 },
    );
    server.stdout?.resume();
    const number = await new Promise<string>((resolve, reject) => {
      let text = '';
      server.output(3)?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('\n')) resolve(text.trim());
      });
      void server.exited.then(({ stderr }) => reject(new Error(`Xvfb did not start: ${stderr}`)));
    });
    return new Screen(`:${number}`, server);
  }

  /** Paints all of the background; nothing else need be on the screen. */
  async paint(color: string): Promise<void> {
    const { code, stderr } = await runTool('xsetroot', ['-display', this.display, '-solid', color]);
    if (code !== 0) throw new Error(`xsetroot: ${stderr}`);
  }

  /** Opens a terminal that shows a text. It has no way to say that it was drawn: wait for it in the frames. */
  terminal(text: string, geometry = '80x24+40+40', font = 'fixed'): void {
    const window = spawnTool('xterm', [
      ...[
        '-display',
        this.display,
        '-geometry',
        geometry,
        '-fn',
        font,
        '+bc',
        '-bg',
        'white',
        '-fg',
        'black',
      ],
      ...['-e', 'sh', '-c', `printf '%b' "$0"; exec sleep 1000`, text],
    ]);
    window.stdout?.resume();
    this.#windows.push(window);
  }

  async closeWindows(): Promise<void> {
    await Promise.all(this.#windows.splice(0).map((window) => window.kill()));
  }

  async stop(): Promise<void> {
    await this.closeWindows();
    await this.server.stop();
  }
}
