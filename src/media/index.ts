/// <reference types="node" preserve="true" />
/** The media floor: streams on the wires, their formats, files, devices. Knows nothing of the Live protocol. */
export { MediaError, isMediaError, redact, type MediaErrorCode } from './errors';
export {
  PCM_16K,
  PCM_24K,
  checkFormat,
  formatMime,
  isJpeg,
  isPcm,
  looksLikeJpeg,
  parseMime,
  pcmDurationMs,
  type MediaFormat,
} from './format';
export { MediaHandle, isMediaDescription, isMediaHandle, type MediaDescription } from './handle';
export { callListeners } from './listeners';
export type { MediaEvents, MediaOptions, MediaState, MediaStats, OverflowPolicy } from './channel';
export type { MediaReader, OpenOptions } from './reader';
export type { Played, PlayedOptions } from './playhead';
export { MediaWriter, createMedia, type AbortCode } from './writer';
export { capturedAt } from './stamp';
export { PcmFramer } from './framer';
export { pace, type Clock, type PaceOptions } from './pacer';
export { WAV_HEADER_BYTES, looksLikeWav, parseWav, readWavHeader, wavHeader, type WavHeader } from './wav';
export { OPUS_RATES, decodeOpus, type OpusOptions } from './opus';
export {
  resolveFfmpeg,
  type FfmpegCapability,
  type FfmpegSource,
  type ResolvedFfmpeg,
  type ResolveOptions,
} from './ffmpeg';
export { runTool, spawnTool, ToolProcess, type ToolExit, type ToolOptions } from './process';
export { writeAudioFile, type WriteFileOptions, type WrittenFile } from './file-sink';
export { captureMicrophone, type CaptureBackend, type CaptureOptions } from './capture';
export { listAudioDevices, type AudioDevice, type ListOptions } from './devices';
export {
  Playout,
  type PlayoutEvents,
  type PlayoutOptions,
  type PlayoutState,
  type PlayResult,
} from './playout';
export { openAudioInput, type AudioInputOptions } from './audio-input';
export type { AudioSource } from './audio-arguments';
export * from './echo';
export * from './voice';
export * from './video';
export * from './level';
export * from './wake-word';
