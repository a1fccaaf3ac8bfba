import type { LiveServerMessage } from '../../protocol';
import { timerMs } from '../recovery/time';
import { TextTrack } from '../text';
import type { Judge, Verdict } from '../withholding';
import type { SleepSettings } from './options';
import { phraseIn } from './phrase';

/** What {@link PhraseJudge} needs. */
export interface PhraseHooks {
  /** Somebody speaks: the transcript comes when that is over. */
  speaking(): boolean;
  /** @param word the phrase that was found, undefined: none */
  decided(word: string | undefined): void;
  /** Nothing more is waited for. */
  giveUp(): void;
}

type Settings = Pick<SleepSettings, 'phrases' | 'phrasePatienceMs' | 'phraseSettleMs'>;

/** Somebody who speaks for longer than that (ms) is not waited for. */
const MAX_SPEECH_MS = 60_000;

/**
 * Looks for a phrase in what the user has said. Transcripts come in pieces, on their own time, after the answer as well, and
 * what they call finished is not always that: a transcript is whole when the model has begun to answer and no more of it comes.
 */
export class PhraseJudge implements Judge {
  readonly late = 'drop';
  /** Time is measured here: it begins anew while somebody speaks. */
  readonly patienceMs = Infinity;
  private readonly said = new TextTrack();
  private readonly began = performance.now();
  private timer: NodeJS.Timeout;
  /** No more is to be expected soon. */
  private settling = false;
  private over = false;
  private word: string | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly hooks: PhraseHooks,
  ) {
    this.timer = this.wait(settings.phrasePatienceMs);
  }

  judge({ serverContent, toolCall }: LiveServerMessage): Verdict {
    if (this.over) return undefined;
    const { inputTranscription, modelTurn, outputTranscription, turnComplete } = serverContent ?? {};
    const { text, finished } = inputTranscription ?? {};
    if (text) {
      this.said.add(text, finished);
      this.word = phraseIn(this.said.text, this.settings.phrases);
      if (this.word !== undefined) return 'pass';
    }
    const answered = modelTurn ?? outputTranscription ?? toolCall;
    const heard = this.said.text.trim() !== '';
    if (turnComplete || ((answered || finished || this.settling) && heard)) {
      this.settling = true;
      clearTimeout(this.timer);
      this.timer = this.wait(this.settings.phraseSettleMs);
    }
    return undefined;
  }

  decided(verdict: 'pass' | 'drop'): void {
    if (this.over) return;
    this.stop();
    this.hooks.decided(verdict === 'pass' ? (this.word ?? '') : undefined);
  }

  /** Nothing is decided any more. */
  stop(): void {
    this.over = true;
    clearTimeout(this.timer);
  }

  private wait(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.look(), timerMs(ms)).unref();
  }

  private look(): void {
    const patient = performance.now() - this.began < MAX_SPEECH_MS;
    if (!this.settling && patient && this.hooks.speaking()) {
      this.timer = this.wait(this.settings.phrasePatienceMs);
    } else this.hooks.giveUp();
  }
}
