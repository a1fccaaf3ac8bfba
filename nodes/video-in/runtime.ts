import { report } from '../shared/errors';
import { afterDeployOnce, onClose, onInput } from '../shared/lifecycle';
import { serveTalk } from '../shared/talk/admin';
import type { Red, RedNode } from '../shared/types';
import { serveVideo } from './admin';
import { BrowserView } from './browser';
import type { VideoInDef } from './options';
import { VideoIn } from './video-in';

/** The login of a network camera. */
const CREDENTIALS: Record<string, { type: 'text' | 'password' }> = {
  user: { type: 'text' },
  password: { type: 'password' },
};

interface VideoInNode extends RedNode {
  videoIn?: VideoIn | BrowserView;
}

/** `gemini-live-video-in`: screen, camera, network camera, browser or pictures that arrive, as JPEG frames. */
export default function (RED: Red): void {
  function GeminiLiveVideoIn(this: VideoInNode, def: VideoInDef): void {
    RED.nodes.createNode(this, def);
    const browser = def.source === 'browser';
    const videoIn = browser ? new BrowserView(RED, this, def) : new VideoIn(RED, this, def);
    this.videoIn = videoIn;
    onInput(this, (msg, send) => videoIn.input(msg, send));
    const begin = (): void => {
      videoIn
        .input({ action: 'start' }, (out) => this.send(out))
        .catch((error: unknown) => report(this, error));
    };
    const starts = def.autostart === true && !browser && def.source !== 'input' && def.output !== 'picture';
    const unsubscribe = starts ? afterDeployOnce(RED, begin) : undefined;
    onClose(this, async () => {
      unsubscribe?.();
      await videoIn.close();
    });
  }
  RED.nodes.registerType('gemini-live-video-in', GeminiLiveVideoIn, {
    credentials: CREDENTIALS,
  });
  serveVideo(RED, (id) => (RED.nodes.getNode(id) as VideoInNode | null)?.videoIn);
  serveTalk(RED);
}
