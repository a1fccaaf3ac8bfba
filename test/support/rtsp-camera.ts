import { existsSync } from 'node:fs';
import { runTool, spawnTool, type ToolProcess } from '../../src/media/process';

/** Debian's own Python: another one in PATH does not see the packages of the system. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/** Moving picture, JPEG over RTP, optionally behind a login of the kind named by the first argument. Prints its port. */
const SERVER = `
import sys, gi
gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
for needed in ('videotestsrc', 'jpegenc', 'rtpjpegpay'):
    if not Gst.ElementFactory.find(needed):
        sys.exit('no ' + needed)
server = GstRtspServer.RTSPServer.new()
server.set_address('127.0.0.1')
server.set_service('0')
factory = GstRtspServer.RTSPMediaFactory.new()
factory.set_shared(True)
factory.set_launch('( videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=640,height=360,framerate=10/1'
                   ' ! jpegenc ! rtpjpegpay name=pay0 pt=26 )')
way, user, password = (sys.argv[1:] + ['', '', ''])[:3]
if way:
    auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    token.set_string('media.factory.role', 'user')
    if way == 'digest':
        auth.set_supported_methods(2)
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    allowed = GstRtspServer.RTSPPermissions()
    allowed.add_permission_for_role('user', 'media.factory.access', True)
    allowed.add_permission_for_role('user', 'media.factory.construct', True)
    factory.set_permissions(allowed)
server.get_mount_points().add_factory('/cam', factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
`;

/** Why there can be no RTSP camera here; undefined if there can. */
export async function rtspMissing(): Promise<string | undefined> {
  const probe = `import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst, GstRtspServer; Gst.init(None); exit(not (Gst.ElementFactory.find('jpegenc') and Gst.ElementFactory.find('videotestsrc')))`;
  const { code } = await runTool(PYTHON, ['-c', probe], { timeoutMs: 60_000 });
  if (code === 0) return undefined;
  return 'needs the Debian packages "python3-gi", "gir1.2-gst-rtsp-server-1.0", "gstreamer1.0-plugins-base" and "gstreamer1.0-plugins-good"';
}

/** A network camera that speaks RTSP. */
export class RtspCamera {
  private constructor(
    readonly port: number,
    private readonly server: ToolProcess,
  ) {}

  /** @param login kind of login that it wants, with user and password */
  static async start(...login: [] | ['basic' | 'digest', string, string]): Promise<RtspCamera> {
    const server = spawnTool(PYTHON, ['-c', SERVER, ...login]);
    const port = await new Promise<number>((resolve, reject) => {
      server.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
      void server.exited.then(({ stderr }) => reject(new Error(`The RTSP server did not start: ${stderr}`)));
    });
    return new RtspCamera(port, server);
  }

  async stop(): Promise<void> {
    await this.server.kill();
  }
}
