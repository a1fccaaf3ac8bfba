import { runTool } from './process';

/** Kinds of things a build of ffmpeg may or may not have. */
export type FfmpegCapability =
  'inputDevice' | 'outputDevice' | 'demuxer' | 'muxer' | 'decoder' | 'encoder' | 'filter' | 'option';

const KINDS: Record<FfmpegCapability, { flag: string; noun: string }> = {
  inputDevice: { flag: '-devices', noun: 'input device' },
  outputDevice: { flag: '-devices', noun: 'output device' },
  demuxer: { flag: '-formats', noun: 'input format' },
  muxer: { flag: '-formats', noun: 'output format' },
  decoder: { flag: '-decoders', noun: 'decoder' },
  encoder: { flag: '-encoders', noun: 'encoder' },
  filter: { flag: '-filters', noun: 'filter' },
  option: { flag: '-h long', noun: 'option' },
};

/**
 * Names in a listing of ffmpeg.
 *
 * `-devices` and `-formats` have a column for demuxing (D) and one for muxing (E), since version 7 a third for devices (d), and
 * may give several names separated by commas; the other listings have one name per line behind a block of flags.
 */
export function parseListing(kind: FfmpegCapability, text: string): Set<string> {
  const names = new Set<string>();
  for (const line of text.split(/\r?\n/)) {
    let name: string | undefined;
    if (kind === 'filter') {
      name = /^\s*[TSC.]{2,3}\s+(\S+)\s+\S*->\S*/.exec(line)?.[1];
    } else if (kind === 'option') {
      name = /^-(\w+)\s/.exec(line)?.[1];
    } else if (kind === 'encoder' || kind === 'decoder') {
      name = /^\s*[VAS][A-Z.]{5}\s+([^\s=]\S*)/.exec(line)?.[1];
    } else {
      const row = /^\s*([D ])([E ])d?\s+(\S+)(\s|$)/.exec(line);
      const wanted = kind === 'inputDevice' || kind === 'demuxer' ? row?.[1] : row?.[2];
      if (wanted && wanted !== ' ') name = row?.[3];
    }
    for (const part of name?.split(',') ?? []) names.add(part);
  }
  return names;
}

/** One build of ffmpeg. What it can do is asked when somebody wants to know, and remembered. */
export class FfmpegBuild {
  readonly path: string;
  readonly version: string;
  private readonly listings = new Map<string, Promise<string>>();

  private constructor(path: string, version: string) {
    this.path = path;
    this.version = version;
  }

  /**
   * Runs the program once to see that it is an ffmpeg.
   * @throws Error with the reason why it is not.
   */
  static async probe(path: string): Promise<FfmpegBuild> {
    const { stdout, stderr, error, stopped, code } = await runTool(path, ['-hide_banner', '-version']);
    const version = /^ffmpeg version (\S+)/m.exec(stdout)?.[1];
    if (version) return new FfmpegBuild(path, version);
    if (error) throw new Error(`cannot be started (${error.code ?? error.message})`);
    if (stopped) throw new Error('did not answer within 10 s');
    throw new Error(`is not an ffmpeg (status ${code}${stderr ? `, ${stderr.split('\n').pop()}` : ''})`);
  }

  /** Whether the build has a device, format, codec or filter of this name. */
  async has(kind: FfmpegCapability, name: string): Promise<boolean> {
    return parseListing(kind, await this.listing(KINDS[kind].flag)).has(name);
  }

  /** What of the needed things is missing, in words. */
  async lacks(need: { readonly [K in FfmpegCapability]?: string | readonly string[] }): Promise<string[]> {
    const missing: string[] = [];
    for (const kind of Object.keys(need) as FfmpegCapability[]) {
      for (const name of [need[kind] ?? []].flat()) {
        if (!(await this.has(kind, name))) missing.push(`${KINDS[kind].noun} "${name}"`);
      }
    }
    return missing;
  }

  private listing(flag: string): Promise<string> {
    let text = this.listings.get(flag);
    if (!text) {
      text = runTool(this.path, ['-hide_banner', ...flag.split(' ')]).then(({ stdout, code }) => {
        if (code === 0) return stdout;
        // A machine that was too busy to answer may have time later: half a list must not be remembered for good.
        this.listings.delete(flag);
        throw new Error(`did not say what it can do (${flag})`);
      });
      this.listings.set(flag, text);
    }
    return text;
  }
}
