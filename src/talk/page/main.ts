import { FromClient, FromServer, type FloorHolder, type ServerMessage, type TalkMode } from '../wire';
import { Connection, type Link } from './connection';
import { LARGEST, sendFile, soundType } from './files';
import { installable } from './install';
import { Microphone } from './microphone';
import { Pictures } from './pictures';
import { pageName } from './places';
import { Player } from './player';
import { type Refusal, refused, unavailable } from './refusals';
import { remember, settings } from './settings';
import { unlock } from './sound';
import { Talk } from './talk';
import { byId } from './view/elements';
import { LinkView } from './view/link';
import { Meter } from './view/meter';
import { dismiss, notice } from './view/notice';
import { pairingDialog } from './view/pairing-dialog';
import { Sees } from './view/sees';
import { settingsDialog } from './view/settings-dialog';
import { sharing } from './view/sharing';
import { showSituation, type Situation } from './view/situation';
import { talkButton } from './view/talk-button';
import { Transcript } from './view/transcript';
import { typing } from './view/typing';
import { stayAwake } from './wake-lock';

/** So that a socket that comes back takes the place of the one that was lost. Not kept: a tab may be copied with all it keeps. */
const client = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(36)).join('');

const situation: Situation = { open: false, floor: 'nobody', waiting: false, muted: false, playing: false };

const linkView = new LinkView();
const transcript = new Transcript();
const meter = new Meter();
const sees = new Sees();
const connection = new Connection({ link, message, binary });
const pairing = pairingDialog((pin) => connection.pair(pin));

const microphone = new Microphone({
  frame: (pcm) => connection.sendBinary(FromClient.microphone, 0, new Uint8Array(pcm.buffer)),
  level: (level) => meter.show(talk.phase === 'on' ? level : 0), // what goes nowhere moves nothing
  lost: () => talk.lost(),
});
const talk = new Talk(microphone, {
  talk: (on, mode) => connection.send({ type: 'talk', on, mode }),
  changed: () => {
    if (talk.phase === 'on') dismiss('microphone');
    stayAwake(talk.phase === 'on' && talk.mode === 'hands-free');
    show();
  },
  refused: (refusal) => noMicrophone(refusal),
});
const player = new Player({
  played: (stream, ms) => connection.send({ type: 'played', stream, ms }),
  playing: (playing) => {
    situation.playing = playing;
    show();
  },
  level: (level) => meter.answer(level),
  silenced: (silenced) => {
    if (silenced)
      notice('sound', 'The browser is silent still.', 'Touch the page or press a key to hear the answer.');
    else dismiss('sound');
  },
});
const pictures = new Pictures({
  picture: (jpeg) => void sendPicture(jpeg),
  ended: () => {
    connection.send({ type: 'video', source: 'off' });
    sees.ended();
    share.show('off');
  },
});
const share = sharing((source) => void startSharing(source));

function link(now: Link): void {
  situation.open = now.name === 'open';
  linkView.link(now);
  if (now.name === 'pin') pairing.ask();
  if (now.name === 'open') {
    pairing.close();
    const have = player.newest;
    connection.send({ type: 'hello', name: settings.name, client, ...(have && { have }) });
    talk.again();
    if (share.source !== 'off') connection.send({ type: 'video', source: share.source });
  } else Object.assign(situation, { floor: 'nobody', waiting: false });
  show();
}

function message(from: ServerMessage): void {
  switch (from.type) {
    case 'welcome':
      transcript.welcome();
      showClients(from.clients);
      return showFloor(from.floor, false);
    case 'clients':
      return showClients(from.clients);
    case 'state':
      linkView.state(from.state, from.words);
      document.body.dataset['conversation'] = from.state;
      return;
    case 'text':
      return transcript.text(from);
    case 'tool':
      return transcript.tool(from);
    case 'audio':
      return player.begin(from.stream, from.rate, from.at);
    case 'end':
      return player.end(from.stream);
    case 'flush':
      return player.flush(from.stream);
    case 'floor':
      return showFloor(from.who, from.waiting, from.name);
    case 'video':
      return share.looked(from.who);
    case 'picture':
      return sees.shown(from.from, from.at);
    case 'muted':
      situation.muted = from.muted;
      return show();
    case 'error':
      // Nobody takes sound there: then the page does not look as if somebody did.
      if (from.code === 'NOT_TAKEN' && situation.floor !== 'you' && !situation.waiting) talk.end();
      return notice('hub', from.message, from.advice);
  }
}

function binary(kind: number, stream: number, payload: Uint8Array): void {
  if (kind === FromServer.answer) player.push(stream, payload);
  else if (kind === FromServer.picture) sees.elsewhere(payload);
}

function show(): void {
  showSituation(situation, talk);
}

function showFloor(floor: FloorHolder, waiting: boolean, name?: string): void {
  const had = situation.waiting || situation.floor === 'you';
  Object.assign(situation, { floor, waiting, name });
  if (had && !waiting && floor !== 'you') talk.end(); // silent for long, while others waited
  show();
}

function showClients(clients: number): void {
  const element = byId('clients');
  element.hidden = clients < 2;
  element.textContent = `${clients} devices here`;
}

function noMicrophone({ title, advice }: Refusal): void {
  notice('microphone', title, advice, { withoutMicrophone: true });
}

async function sendPicture(jpeg: Blob): Promise<void> {
  if (!connection.open || connection.buffered > 2 * jpeg.size) return; // a slow network: the next one is newer
  connection.sendBinary(FromClient.picture, 0, new Uint8Array(await jpeg.arrayBuffer()));
  sees.sent(jpeg);
}

async function startSharing(source: 'camera' | 'screen' | 'off'): Promise<void> {
  pictures.stop();
  if (source === 'off') return;
  const why = unavailable(source);
  if (why) return notice(source, why.title, why.advice);
  try {
    await (source === 'camera' ? pictures.camera(settings.camera) : pictures.screen());
  } catch (error) {
    const { title, advice } = await refused(source, error);
    return notice(source, title, advice);
  }
  dismiss(source);
  share.show(source);
  connection.send({ type: 'video', source });
}

async function send(file: File): Promise<void> {
  const mime = soundType(file);
  if (!mime)
    return notice(
      'file',
      `“${file.name}” is no sound.`,
      'Choose a recording: WAV, MP3, M4A, Ogg, WebM, FLAC.',
    );
  if (file.size > LARGEST)
    return notice(
      'file',
      `“${file.name}” is too large.`,
      `Up to ${LARGEST / 2 ** 20} MB are taken: send a shorter one.`,
    );
  const percent = (of: number): void =>
    notice(
      'file',
      `Sending “${file.name}”`,
      of < 1 ? `${Math.round(100 * of)} %` : 'It is being listened to.',
    );
  percent(0);
  const sent = await sendFile(connection, file, mime, percent).catch(() => false);
  if (!sent)
    notice(
      'file',
      `“${file.name}” was not sent.`,
      'The connection was lost, or the file cannot be read. Send it again.',
    );
}

function stop(): void {
  player.flushAll();
  connection.send({ type: 'stop' });
}

function begin(): void {
  document.title = `${pageName} · Talk`;
  byId('page-name').textContent = pageName;
  talk.mode = settings.mode as TalkMode;
  for (const radio of document.querySelectorAll<HTMLInputElement>('input[name="mode"]')) {
    radio.checked = radio.value === talk.mode;
    radio.addEventListener('change', () => {
      remember({ mode: radio.value });
      talk.choose(radio.value as TalkMode);
    });
  }
  talkButton(talk);
  typing({
    text: (text) => {
      transcript.typed(text);
      connection.send({ type: 'text', text });
    },
    file: (file) => void send(file),
    open: () => connection.open,
  });
  settingsDialog((what) => {
    if (what === 'microphone') void talk.exchange();
    if (what === 'speaker') void player.output(settings.speaker);
    if (what === 'camera' && share.source === 'camera') void startSharing('camera');
  });
  void player.output(settings.speaker);
  byId('stop').addEventListener('click', stop);
  byId('retry').addEventListener('click', () => void connection.connect());
  byId('notice-close').addEventListener('click', () => dismiss());
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !document.querySelector('dialog[open]')) stop();
  });
  // Browsers let a page sound only after it was touched.
  for (const type of ['pointerup', 'keydown'])
    document.addEventListener(type, () => {
      unlock();
      void player.start();
    });
  const why = unavailable('microphone');
  if (why) noMicrophone(why);
  installable();
  void connection.connect();
}

begin();
