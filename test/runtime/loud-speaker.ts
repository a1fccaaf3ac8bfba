import path from 'node:path';
import { openAudioInput, PCM_24K, type EchoMode } from '../../src/media';
import type { Comms, DebugMessage } from '../support/comms';
import { NodeRed, type FlowNode } from '../support/node-red';
import { packedPackage, ROOT } from '../support/package';
import { until } from '../support/processes';
import { cancelEcho, loudRoom, PulseServer, type Recording } from '../support/pulse';
import { rms, samplesOf } from '../support/sound';
import { conversation, ID } from './flows';

const QUIET = 0.005;
const LOUD = 0.02;

/** What is said to the model, typed: only its answer makes a sound. */
const SHORT = 'what day is it';
const LONG = 'tell me a story';

/** A `turn` event, as far as it is looked at. */
export interface Turn {
  interrupted: boolean;
  /** How the local server came to know what the user said: `text` when it was typed. */
  hearing?: { text: string; recognizer: string };
}

/**
 * Node-RED with a conversation in a room where the microphone hears the loudspeaker, 40 ms later and 13 dB quieter: enough for the
 * local server's ears to take it for somebody who speaks.
 */
export class LoudSpeaker {
  private constructor(
    readonly pulse: PulseServer,
    private readonly nodeRed: NodeRed,
    private readonly comms: Comms,
    private readonly speaker: Recording,
  ) {}

  static async start(): Promise<LoudSpeaker> {
    await packedPackage();
    const pulse = await PulseServer.start();
    try {
      await loudRoom(pulse);
      const nodeRed = await NodeRed.start();
      return new LoudSpeaker(
        pulse,
        nodeRed,
        await nodeRed.events(),
        await pulse.record('speaker.monitor', 24_000),
      );
    } catch (error) {
      await pulse.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.speaker.stop();
    await this.nodeRed.stop();
    await this.pulse.stop();
  }

  /** Begins a conversation. @param echo setting of the session node; undefined: as a flow of before has it */
  async deploy({ echo, canceller = false }: { echo?: EchoMode; canceller?: boolean }): Promise<void> {
    if (canceller) await cancelEcho(this.pulse);
    const ask = (node: FlowNode, id: string, v: string): FlowNode => ({
      ...node,
      id,
      props: [{ p: 'payload', v, vt: 'str' }],
    });
    const nodes = conversation().flatMap((node) => {
      if (node.id === ID.ask) return [ask(node, ID.ask, LONG), ask(node, 'test-short', SHORT)];
      if (node.id !== ID.session) return [node];
      const { echoGate: _echoGate, ...session } = node;
      return [{ ...session, echo }];
    });
    await this.nodeRed.deploy(nodes as FlowNode[]);
    this.comms.clear();
    await until(
      'the microphone is open',
      () => this.pulse.streams('source-outputs'),
      (count) => count === 2,
    );
  }

  get events(): DebugMessage['msg'][] {
    return this.comms.debugs.filter(({ id }) => id === ID.events).map(({ msg }) => msg);
  }

  get errors(): unknown[] {
    return this.comms.debugs.filter(({ id }) => id === ID.errors);
  }

  /** Answers that were cut short by somebody who was taken for speaking. */
  get interruptions(): DebugMessage['msg'][] {
    return this.events.filter(({ event }) => event === 'interrupted');
  }

  /** Turns that are over. */
  get turns(): Turn[] {
    return this.events.filter(({ event }) => event === 'turn').map(({ payload }) => payload as Turn);
  }

  /** Turns that were not a typed question, answered to its end: the microphone was heard. */
  get oddTurns(): Turn[] {
    return this.turns.filter(({ interrupted, hearing }) => interrupted || hearing?.recognizer !== 'text');
  }

  /** Waits for an event of the session that has not been there when this is called. */
  async event(name: string): Promise<DebugMessage['msg']> {
    const before = this.events.filter(({ event }) => event === name).length;
    let seen = 0;
    const count = ({ id, msg }: DebugMessage): boolean =>
      id === ID.events && msg.event === name && ++seen > before;
    return (await this.comms.debugged(count)).msg;
  }

  /** Waits for a turn that was spoken, and not typed. */
  async spoken(): Promise<void> {
    const fits = ({ id, msg }: DebugMessage): boolean =>
      id === ID.events &&
      msg.event === 'turn' &&
      !['text', undefined].includes((msg.payload as Turn).hearing?.recognizer);
    await this.comms.debugged(fits);
  }

  /** Asks something with a short answer, and waits until that was heard to its end, or cut short. */
  async askShort(): Promise<void> {
    const over = this.event('turn');
    await this.nodeRed.inject('test-short');
    await over;
    await this.silence();
  }

  /** Asks for a story of some 17 s, and waits until it is heard. */
  async askLong(): Promise<void> {
    await this.nodeRed.inject(ID.ask);
    await this.heard();
  }

  /** Somebody in the room says something, louder than the echo. */
  async say(sample: string): Promise<void> {
    const file = path.join(ROOT, 'nodes/audio-in/samples', `${sample}.ogg`);
    const pieces: Buffer[] = [];
    for await (const piece of openAudioInput({ source: { file }, output: PCM_24K })) pieces.push(piece);
    await this.pulse.playInto('room', samplesOf(Buffer.concat(pieces)), 24_000);
  }

  async heard(): Promise<void> {
    await until(
      'sound from the speaker',
      () => this.level(300),
      (level) => level > LOUD,
    );
  }

  async silence(): Promise<void> {
    await until(
      'silence',
      () => this.level(500),
      (level) => level < QUIET,
    );
  }

  private level(ms: number): number {
    return rms(this.speaker.samples().slice(-24 * ms));
  }
}
