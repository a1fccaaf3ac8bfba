import {
  clientContent,
  fitToolResponse,
  profileFor,
  realtimeInput,
  toolResponse,
  type FunctionResponse,
  type LiveClientMessage,
} from '../protocol';
import type { FitReport } from './fit-report';
import type { Lanes } from './lanes';

/** Makes the messages of a model out of what is to be said to it. */
export class Outgoing {
  constructor(
    private readonly model: string,
    private readonly backend: 'gemini' | 'vertex',
    private readonly fits: FitReport,
  ) {}

  /** A text, in the way that the model takes in mid-session. */
  text(text: string): LiveClientMessage {
    const lane = profileFor(this.model).textLane;
    return lane === 'realtimeInput' ? realtimeInput({ text }) : clientContent({ turns: text });
  }

  /** Queues answers to function calls, see `LedgerContext.send`. */
  answers(
    lanes: Lanes,
    responses: FunctionResponse[],
    due: () => FunctionResponse[],
    sent: () => void,
  ): boolean {
    const message = this.answersMessage(responses);
    const still = (): LiveClientMessage | undefined => {
      const left = due();
      if (left.length === responses.length) return message;
      return left.length > 0 ? this.answersMessage(left) : undefined;
    };
    return lanes.sendControl(message, { due: still, sent });
  }

  private answersMessage(responses: FunctionResponse[]): LiveClientMessage {
    const fitted = fitToolResponse(profileFor(this.model), responses, this.backend);
    this.fits.tell(fitted.warnings);
    return toolResponse({ functionResponses: fitted.functionResponses }, this.backend);
  }
}
