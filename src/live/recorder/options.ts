/** Something that a recorder has to say; it never ends a session. */
export interface RecorderWarning {
  /**
   * `RECORDING_FAILED`: nothing more is recorded; `RECORDING_FULL`: the limit is reached; `RECORDING_GAP`: frames were
   * left out because the disk was too slow.
   */
  code: 'RECORDING_FAILED' | 'RECORDING_FULL' | 'RECORDING_GAP';
  message: string;
}

/** How a session is to be recorded; only `file` has no default. */
export interface RecorderOptions {
  /** Where to. `{time}` in the name becomes the time of the beginning, so that no recording replaces another. */
  file: string;
  /** Keep the sound of both sides. Default true; false keeps its size only. */
  audio?: boolean;
  /** Keep the pictures. Default: as `audio`. */
  video?: boolean;
  /** The recording ends when the file has this size (bytes). Default 256 MiB. */
  maxBytes?: number;
  /** What may wait for the disk (bytes); beyond, frames are left out and counted. Default 8 MiB. */
  maxQueueBytes?: number;
  /** Credentials that are to be taken out wherever they stand, besides all that looks like one. */
  secrets?: readonly string[];
  /** Told at most once for each code. */
  onWarning?: (warning: RecorderWarning) => void;
}

/** What was recorded. */
export interface RecorderStats {
  /** Absolute path, with the time filled in. */
  file: string;
  /** Frames in the file. */
  frames: number;
  /** Size of the file (bytes). */
  bytes: number;
  /** Frames left out: the disk was too slow, the limit was reached, or writing failed. */
  dropped: number;
}
