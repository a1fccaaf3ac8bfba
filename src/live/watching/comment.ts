import { Sound, type LiveServerMessage, type Part } from '../../protocol';
import type { Judge, Verdict } from '../withholding';

/** Sound without a transcript that is longer than this says more than "nothing" (bytes): 3 s at 24 kHz. */
const MAX_UNKNOWN = 3 * 48_000;

/** Decides whether an answer about pictures says anything. */
export class Comment implements Judge {
  readonly late = 'pass';
  readonly hearsUser = true;
  private verdict: Verdict;
  private text = '';
  private soundBytes = 0;
  private hushed = false;

  /** @param told called once; `by` tells whether the answer itself has decided, or nothing came in time or at all */
  constructor(
    private readonly nothing: string,
    readonly patienceMs: number,
    private readonly told: (verdict: 'pass' | 'drop', by: 'answer' | 'nobody') => void,
  ) {}

  /** Nobody wants to hear it any more. */
  hush(): void {
    this.hushed = true;
  }

  judge(message: LiveServerMessage): Verdict {
    return (this.verdict = this.decide(message));
  }

  decided(verdict: 'pass' | 'drop', kept: readonly LiveServerMessage[]): void {
    const byAnswer = this.verdict === verdict || (verdict === 'pass' && kept.length > 0);
    this.told(verdict, byAnswer ? 'answer' : 'nobody');
  }

  private decide({ serverContent = {}, toolCall }: LiveServerMessage): Verdict {
    // It has found something to do.
    if (toolCall?.functionCalls?.length) return 'pass';
    for (const part of serverContent.modelTurn?.parts ?? []) this.take(part);
    this.text += serverContent.outputTranscription?.text ?? '';
    // The user speaks, and the service gives an answer up of which nobody has heard.
    if (this.hushed || serverContent.interrupted) return 'drop';
    const plain = /[\p{L}\p{N}]/u.test(this.nothing) ? letters : trimmed;
    const [said, nothing] = [plain(this.text), plain(this.nothing)];
    const unknown = said !== nothing && this.soundBytes > MAX_UNKNOWN;
    if (unknown || !nothing.startsWith(said)) return 'pass';
    if (!serverContent.turnComplete) return undefined;
    return said === nothing || (said === '' && this.soundBytes === 0) ? 'drop' : 'pass';
  }

  private take({ text, thought, inlineData }: Part): void {
    if (text && !thought) this.text += text;
    // Base64: four characters for three bytes.
    if (inlineData instanceof Sound) this.soundBytes += inlineData.bytes.length;
    else this.soundBytes += ((inlineData?.data?.length ?? 0) * 3) / 4;
  }
}

/** A text as it sounds: "<Nothing>" is spoken as "nothing". */
function letters(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

function trimmed(text: string): string {
  return text.trim();
}
