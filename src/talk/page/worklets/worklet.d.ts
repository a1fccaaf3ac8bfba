/** What an AudioWorklet finds in its global scope; TypeScript's DOM library leaves it out. */
declare const sampleRate: number;
declare function registerProcessor(name: string, type: new () => AudioWorkletProcessor): void;
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
  abstract process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}
