import type { FitWarning } from '../protocol';
import type { Emit } from './events';

/** What was left out so that the model accepts a message is worth saying once, not with each connection and answer. */
const MAX_TOLD = 200;

/** Tells what fitting changed, as warnings with code `FIT`. */
export class FitReport {
  private readonly told = new Set<string>();

  constructor(private readonly emit: Emit) {}

  tell(warnings: readonly FitWarning[]): void {
    for (const { message } of warnings) {
      if (this.told.has(message) || this.told.size >= MAX_TOLD) continue;
      this.told.add(message);
      this.emit('warning', { code: 'FIT', message });
    }
  }
}
