import type { LiveServerContent } from '../protocol';
import { isEcho, joined } from './text';
import { detailsOf, tells } from './transcripts';
import type { Turn } from './turn';
import type { TurnReport } from './turn-report';

/** What {@link Question} needs of the turns. */
export interface QuestionContext {
  report: TurnReport;
  /** The turn to which the user's next words belong. */
  open(): Turn;
  /** The turn that is over, where words that come now still belong to it. */
  late(): Turn | undefined;
}

/** Sorts what the user says, aloud or in writing, into its turn, and tells it. */
export class Question {
  constructor(private readonly context: QuestionContext) {}

  /** Written by the user, or (`say`) what the model is to announce. */
  written(turn: Turn, text: string, say: boolean): void {
    if (say) {
      turn.say = joined(turn.say ?? '', text);
      return;
    }
    turn.typed = joined(turn.typed, text);
    turn.user.add(turn.user.text === '' ? text : `\n${text}`);
    this.context.report.final(turn, 'user');
  }

  /** What the service has understood of the user's words. */
  heard({ interimInputTranscription: interim, inputTranscription: transcript }: LiveServerContent): void {
    const { report, open, late } = this.context;
    if (tells(interim)) {
      report.piece(open(), 'user', interim.text ?? '', { interim: true, ...detailsOf(interim) });
    }
    if (!tells(transcript)) return;
    const { text = '', finished } = transcript;
    const over = text === '' ? undefined : late();
    const turn = over ?? open();
    const asked = `${turn.typed}\n${turn.say ?? ''}`;
    if (text !== '' && asked !== '\n' && isEcho(turn.echo + text, asked)) {
      turn.echo += text;
      return;
    }
    turn.user.add(text, finished);
    report.piece(turn, 'user', text, detailsOf(transcript));
    if (over) report.final(over, 'user');
  }
}
