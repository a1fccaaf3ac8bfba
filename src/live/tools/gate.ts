import { profileFor, type LiveConnectConfig } from '../../protocol';

const GATE_MS = 10_000;

/**
 * Keeps the microphone quiet while a function runs for which the model waits: sound that comes meanwhile makes some
 * models close with 1008 "Operation is not implemented, or supported, or enabled" (js-genai #1236, livekit #4545), or
 * cancels the call. A function that never answers must not make the user mute for ever, so the gate opens by itself.
 */
export class ToolGate {
  private until = 0;
  private readonly open = new Set<string>();
  private readonly ms: number;

  /** @param ms how long one call may hold the sound back (ms); false: never. */
  constructor(
    private readonly model: string,
    private readonly config: LiveConnectConfig | undefined,
    ms: number | false = GATE_MS,
  ) {
    this.ms = ms || 0;
  }

  /** Whether sound is to be given up now. */
  get closed(): boolean {
    return this.open.size > 0 && performance.now() < this.until;
  }

  called(id: string, name: string): void {
    if (this.ms === 0 || !this.blocks(name)) return;
    this.open.add(id);
    this.until = performance.now() + this.ms;
  }

  over(ids: ReadonlyArray<string | undefined>): void {
    for (const id of ids) this.open.delete(id ?? '');
  }

  clear(): void {
    this.open.clear();
  }

  private blocks(name: string): boolean {
    for (const tool of this.config?.tools ?? []) {
      const list = 'functionDeclarations' in tool ? tool.functionDeclarations : undefined;
      const behavior = list?.find((declaration) => declaration.name === name)?.behavior;
      if (behavior && behavior !== 'UNSPECIFIED') return behavior !== 'NON_BLOCKING';
    }
    return profileFor(this.model).tools.default === 'BLOCKING';
  }
}
