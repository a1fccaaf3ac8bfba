/**
 * The thirteen calls of WASI that flite makes, with one file in memory. `node:wasi` would do more, and print a
 * warning about being experimental.
 *
 * @see https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 */
const SUCCESS = 0;
const BAD_DESCRIPTOR = 8;
const NO_SUCH_FILE = 44;

/** Descriptor of the only folder, and of the only file in it. */
const FOLDER = 3;
const FILE = 4;
const FOLDER_NAME = '/';
const DIRECTORY_TYPE = 3;
const FILE_TYPE = 4;

/** Thrown by `proc_exit`, which must not come back to the program. */
class Exit extends Error {}

/** Runs a WASI command and returns what it wrote into the one file it may create. */
export async function runCommand(module: WebAssembly.Module, args: readonly string[]): Promise<Buffer> {
  const machine = new Machine(args.map((text) => Buffer.from(`${text}\0`)));
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: machine.calls() });
  machine.memory = instance.exports['memory'] as WebAssembly.Memory;
  try {
    (instance.exports['_start'] as () => void)();
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  }
  return machine.written();
}

class Machine {
  memory!: WebAssembly.Memory;
  #file = Buffer.alloc(0);
  #size = 0;
  #position = 0;

  constructor(private readonly args: readonly Buffer[]) {}

  written(): Buffer {
    return this.#file.subarray(0, this.#size);
  }

  /** Everything a command may import; what is not here does not exist for it. */
  calls(): Record<string, (...args: never[]) => number> {
    const view = (): DataView => new DataView(this.memory.buffer);
    const bytes = (at: number, length: number): Uint8Array => new Uint8Array(this.memory.buffer, at, length);
    return {
      args_sizes_get: (count: number, size: number) => {
        view().setUint32(count, this.args.length, true);
        view().setUint32(size, Buffer.concat(this.args).length, true);
        return SUCCESS;
      },
      args_get: (pointers: number, text: number) => {
        let at = text;
        for (const [index, argument] of this.args.entries()) {
          view().setUint32(pointers + 4 * index, at, true);
          bytes(at, argument.length).set(argument);
          at += argument.length;
        }
        return SUCCESS;
      },
      clock_time_get: (_clock: number, _precision: bigint, out: number) => {
        view().setBigUint64(out, BigInt(Date.now()) * 1_000_000n, true);
        return SUCCESS;
      },
      fd_prestat_get: (fd: number, out: number) => {
        if (fd !== FOLDER) return BAD_DESCRIPTOR;
        view().setUint32(out, 0, true);
        view().setUint32(out + 4, FOLDER_NAME.length, true);
        return SUCCESS;
      },
      fd_prestat_dir_name: (_fd: number, out: number) => {
        bytes(out, FOLDER_NAME.length).set(Buffer.from(FOLDER_NAME));
        return SUCCESS;
      },
      fd_fdstat_get: (fd: number, out: number) => {
        bytes(out, 24).fill(0);
        view().setUint8(out, fd === FOLDER ? DIRECTORY_TYPE : FILE_TYPE);
        view().setBigUint64(out + 8, 0xffff_ffffn, true);
        view().setBigUint64(out + 16, 0xffff_ffffn, true);
        return SUCCESS;
      },
      fd_fdstat_set_flags: () => SUCCESS,
      fd_close: () => SUCCESS,
      fd_read: (_fd: number, _vectors: number, _count: number, out: number) => {
        view().setUint32(out, 0, true);
        return SUCCESS;
      },
      path_open: (
        ...[, , , , openFlags, , , , out]: [
          number,
          number,
          number,
          number,
          number,
          bigint,
          bigint,
          number,
          number,
        ]
      ) => {
        const CREATE = 1;
        if (!(openFlags & CREATE)) return NO_SUCH_FILE;
        view().setUint32(out, FILE, true);
        return SUCCESS;
      },
      fd_seek: (_fd: number, offset: bigint, from: number, out: number) => {
        const base = [0, this.#position, this.#size][from] ?? 0;
        this.#position = base + Number(offset);
        view().setBigUint64(out, BigInt(this.#position), true);
        return SUCCESS;
      },
      fd_write: (fd: number, vectors: number, count: number, out: number) => {
        let total = 0;
        for (let index = 0; index < count; index++) {
          const at = view().getUint32(vectors + 8 * index, true);
          const length = view().getUint32(vectors + 8 * index + 4, true);
          if (fd === FILE) this.#write(bytes(at, length));
          total += length;
        }
        view().setUint32(out, total, true);
        return SUCCESS;
      },
      proc_exit: () => {
        throw new Exit();
      },
    };
  }

  #write(data: Uint8Array): void {
    const end = this.#position + data.length;
    if (end > this.#file.length) {
      const grown = Buffer.alloc(Math.max(end, 2 * this.#file.length));
      this.#file.copy(grown);
      this.#file = grown;
    }
    this.#file.set(data, this.#position);
    this.#position = end;
    this.#size = Math.max(this.#size, end);
  }
}
