/** Level of digital silence, below all that is measured (dB relative to full scale). */
export const SILENCE_DB = -120;

/** Mean level of PCM16 (dB relative to full scale; a full-scale sine has −3). */
export function levelDb(pcm: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 1 < pcm.length; at += 2) sum += pcm.readInt16LE(at) ** 2;
  const power = pcm.length > 1 ? sum / (pcm.length >> 1) / 32768 ** 2 : 0;
  return Math.max(SILENCE_DB, 10 * Math.log10(power || 1e-12));
}
