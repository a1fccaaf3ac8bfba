/** Loudest {@link Playout} volume: twice the samples, about +6 dB. */
export const MAX_VOLUME = 2;

/**
 * PCM16 made louder or softer; samples that would leave the range stay at its edge. At 1 the same Buffer comes back.
 *
 * @param pcm whole samples, little endian; not changed
 * @param volume factor, 0 (silent) to {@link MAX_VOLUME}
 */
export function scalePcm(pcm: Buffer, volume: number): Buffer {
  if (volume === 1) return pcm;
  const scaled = Buffer.allocUnsafe(pcm.length & ~1);
  for (let i = 0; i < scaled.length; i += 2) {
    const sample = Math.round(pcm.readInt16LE(i) * volume);
    scaled.writeInt16LE(Math.max(-32768, Math.min(32767, sample)), i);
  }
  return scaled;
}
