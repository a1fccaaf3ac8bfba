import { frameInfo } from '../../media';
import { profileFor, type FitWarning } from '../../protocol';
import type { Emit } from '../events';
import type { Lanes } from '../lanes';
import { watchingSettings, type WatchingOptions } from './options';
import { Watching, type WatchingContext, type WatchingStats } from './watching';

/** What {@link Eyes} need of their session. */
export interface EyesContext extends WatchingContext {
  emit: Emit;
  model: string;
  options: { watching?: WatchingOptions };
  lanes: Pick<Lanes, 'sendPicture' | 'freshen'>;
  /** Something that was asked for cannot be. */
  told(warning: FitWarning): void;
}

/** What a session does about pictures: sends the newest, has it fresh when something is asked, and asks about it by itself. */
export class Eyes {
  private readonly watching: Watching | undefined;
  /** Pictures come, so that there is somebody to want one of. */
  private sees = false;

  constructor(private readonly context: EyesContext) {
    const { options, model } = context;
    const settings = options.watching && watchingSettings(options.watching);
    const { inputs, maxFramesPerSecond } = profileFor(model);
    const able = inputs.includes('text') && maxFramesPerSecond > 0;
    this.watching = settings && able ? new Watching(settings, context) : undefined;
  }

  get stats(): WatchingStats {
    return { ...(this.watching?.counts ?? { asked: 0, swallowed: 0, said: 0, unanswered: 0 }) };
  }

  /** A connection is ready. */
  open(): void {
    const { options, model, told } = this.context;
    this.watching?.start();
    if (!options.watching || this.watching) return;
    const { name } = profileFor(model);
    told({ path: 'watching', message: `${name} cannot be asked about pictures: "watching" is left out.` });
  }

  /** No connection. */
  close(): void {
    this.watching?.stop();
  }

  /** A picture was given. */
  see(data: Buffer, mimeType: string): void {
    this.sees = true;
    this.context.lanes.sendPicture(data, mimeType, frameInfo(data)?.repeated !== true);
  }

  /** A picture was handed to the socket. @param news it shows something new */
  sent(news: boolean): void {
    if (news) this.watching?.picture();
  }

  /** A turn begins that somebody has asked for: it has all pictures so far in it. */
  seen(): void {
    this.watching?.seen();
  }

  /** The user begins to speak. */
  speech(): void {
    this.context.lanes.freshen();
    this.want('speech');
  }

  /** What can be seen now is wanted, whatever the pace of the source. */
  want(by: 'text' | 'speech'): void {
    if (this.sees) this.context.emit('watch', { type: 'wanted', by });
  }

  /** Nobody wants to hear a comment now. */
  hush(): void {
    this.watching?.hush();
  }
}
