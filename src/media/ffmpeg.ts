import { constants, realpathSync, statSync } from 'node:fs';
import { access, chmod, stat } from 'node:fs/promises';
import path from 'node:path';
import { MediaError } from './errors';
import { FfmpegBuild, type FfmpegCapability } from './ffmpeg-build';

export { FfmpegBuild, type FfmpegCapability } from './ffmpeg-build';

/** Where a build of ffmpeg was found. */
export type FfmpegSource = 'explicit' | 'FFMPEG_PATH' | 'system' | 'bundled';

/** Options of {@link resolveFfmpeg}. */
export interface ResolveOptions {
  /** ffmpeg chosen by the user: a path, or a name to look up in `PATH`. If it does not run, nothing else is tried. */
  readonly path?: string;
  /** What it must be able to do: one name or several per kind, all of them needed. */
  readonly need?: { readonly [K in FfmpegCapability]?: string | readonly string[] };
  /** Where `PATH` and `FFMPEG_PATH` are read, at call time (default `process.env`). */
  readonly env?: NodeJS.ProcessEnv;
  /** Whether the build that comes with `@ffmpeg-installer/ffmpeg` may be used (default true). */
  readonly bundled?: boolean;
}

/** A usable ffmpeg. */
export interface ResolvedFfmpeg {
  readonly path: string;
  readonly source: FfmpegSource;
  readonly version: string;
  /** For further questions: `capabilities.has('encoder', 'libopus')`. */
  readonly capabilities: FfmpegBuild;
}

interface Candidate {
  readonly source: FfmpegSource;
  readonly file?: string;
  /** Why there is no file. */
  readonly reason?: string;
}

const ADVICE =
  'Install ffmpeg (Debian, Ubuntu, Raspberry Pi OS: sudo apt install ffmpeg; macOS: brew install ffmpeg; ' +
  'Windows: winget install ffmpeg), or set FFMPEG_PATH to a build that can do it.';

/** Homebrew's folders, which the PATH of a service on macOS lacks. */
const EXTRA_FOLDERS = process.platform === 'darwin' ? ['/opt/homebrew/bin', '/usr/local/bin'] : [];

/** Builds that answered, by path, time of change and size: an upgrade is noticed without a restart. */
const builds = new Map<string, Promise<FfmpegBuild>>();

/**
 * Finds an ffmpeg that can do what is needed: explicit path > `FFMPEG_PATH` > system > bundled. A candidate that lacks
 * something is passed over for the next one.
 *
 * @throws MediaError `NO_FFMPEG` if there is no usable ffmpeg at all, `FFMPEG_CAPABILITY` if none can do what is needed. The
 *   message names what is missing and, for each candidate, why it did not do.
 */
export async function resolveFfmpeg(options: ResolveOptions = {}): Promise<ResolvedFfmpeg> {
  const tried: string[] = [];
  let runs = false;
  for (const candidate of candidates(options)) {
    const name = `${candidate.source}${candidate.file ? ` ${candidate.file}` : ''}`;
    try {
      const build = await openBuild(candidate);
      runs = true;
      const lacks = await build.lacks(options.need ?? {});
      if (candidate.source === 'bundled') lacks.push(...bundledLimits(options));
      if (!lacks.length) {
        return { path: build.path, source: candidate.source, version: build.version, capabilities: build };
      }
      tried.push(`${name} (${build.version}) lacks ${lacks.join(', ')}`);
    } catch (error) {
      tried.push(`${name}: ${(error as Error).message}`);
      if (candidate.source === 'explicit') break;
    }
  }
  const list = tried.join('; ');
  if (runs) throw new MediaError('FFMPEG_CAPABILITY', `No ffmpeg here can do this: ${list}. ${ADVICE}`);
  if (options.path) {
    throw new MediaError(
      'NO_FFMPEG',
      `The chosen ffmpeg does not run: ${list}. Correct the path, or leave it empty.`,
    );
  }
  throw new MediaError('NO_FFMPEG', `No ffmpeg was found: ${list || 'nowhere to look'}. ${ADVICE}`);
}

function* candidates({
  path: explicit,
  env = process.env,
  bundled = true,
}: ResolveOptions): Iterable<Candidate> {
  if (explicit) yield { source: 'explicit', ...named(explicit, env) };
  if (env.FFMPEG_PATH) yield { source: 'FFMPEG_PATH', ...named(env.FFMPEG_PATH, env) };
  const files = findInPath('ffmpeg', env);
  if (!files.length) yield { source: 'system', reason: 'not in PATH' };
  for (const file of files) yield { source: 'system', file };
  if (bundled) yield { source: 'bundled', ...bundledFile() };
}

/** A path as it is, a bare name as the shell would find it. */
function named(name: string, env: NodeJS.ProcessEnv): { file: string } {
  return { file: /[/\\]/.test(name) ? path.resolve(name) : (findInPath(name, env)[0] ?? name) };
}

/** Every program of this name in `PATH`, in its order; one that is found through several links counts once. */
export function findInPath(name: string, env: NodeJS.ProcessEnv = process.env): string[] {
  const file = process.platform === 'win32' && !path.extname(name) ? `${name}.exe` : name;
  const folders = (env.PATH ?? env.Path ?? '').split(path.delimiter).filter(Boolean);
  const found = new Map<string, string>();
  for (const folder of [...folders, ...EXTRA_FOLDERS]) {
    const full = path.join(folder, file);
    const real = realFile(full);
    if (real && !found.has(real)) found.set(real, full);
  }
  return [...found.values()];
}

function realFile(full: string): string | undefined {
  try {
    return statSync(full).isFile() ? realpathSync(full) : undefined;
  } catch {
    return undefined;
  }
}

/** The bundled build. Its package throws a string where there is none for the platform, so it is loaded late and guarded. */
function bundledFile(): { file: string } | { reason: string } {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return { file: (require('@ffmpeg-installer/ffmpeg') as { path: string }).path };
  } catch (error) {
    return { reason: error instanceof Error ? error.message.split('\n')[0]! : String(error) };
  }
}

/** The bundled Linux build is static and cannot load the plugins that ALSA's "default" needs (measured; node-ffmpeg-installer#16). */
function bundledLimits({ need }: ResolveOptions): string[] {
  const wanted = [need?.inputDevice ?? [], need?.outputDevice ?? []].flat();
  return wanted.includes('alsa') ? ['ALSA plugins, because it is a static build'] : [];
}

async function openBuild({ source, file, reason }: Candidate): Promise<FfmpegBuild> {
  if (!file) throw new Error(reason);
  const info = await stat(file).catch(() => undefined);
  if (!info) throw new Error('no such file');
  if (!info.isFile()) throw new Error('not a file');
  await makeExecutable(file, source);
  const key = `${file}|${info.mtimeMs}|${info.size}`;
  let build = builds.get(key);
  if (!build) {
    build = FfmpegBuild.probe(file);
    builds.set(key, build);
    // A failure may have passed by the next time.
    build.catch(() => builds.delete(key));
  }
  return build;
}

async function makeExecutable(file: string, source: FfmpegSource): Promise<void> {
  try {
    await access(file, constants.X_OK);
  } catch {
    // Its install script does this, unless npm was told to run none.
    if (source === 'bundled') await chmod(file, 0o755).catch(() => {});
    await access(file, constants.X_OK).catch(() => {
      throw new Error('not executable');
    });
  }
}
