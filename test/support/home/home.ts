import type { Aedes, AedesPublishPacket } from 'aedes' with { 'resolution-mode': 'import' };
import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { DEVICES, type DeviceState } from './devices';

/** What to start. */
export interface HomeOptions {
  /** Port of the broker on loopback; 0 takes a free one. */
  port?: number;
}

const BASE = 'zigbee2mqtt';

/**
 * A home that knows nothing of Gemini: an MQTT broker and devices behind Zigbee2MQTT, with the topics that its documentation
 * gives (zigbee2mqtt.io, "MQTT Topics and Messages"): `/set`, `/get`, the retained state, `/availability`, `bridge/state`.
 *
 * Emits `change` (name, state, before) when a device's state changes, and `command` (name, command) for all that is asked of one.
 */
export class Home extends EventEmitter {
  private readonly states = new Map<string, DeviceState>(
    Object.entries(DEVICES).map(([name, { initial }]) => [name, initial]),
  );
  private readonly unplugged = new Set<string>();
  private readonly sockets = new Set<Socket>();
  private broker: Aedes | undefined;
  private server: Server | undefined;

  private constructor(private listenPort: number) {
    super();
  }

  /** Starts broker and devices; done when both can be used. */
  static async start({ port = 0 }: HomeOptions = {}): Promise<Home> {
    const home = new Home(port);
    await home.startBroker();
    return home;
  }

  /** The broker's port, the same after a restart. */
  get port(): number {
    return this.listenPort;
  }

  /** A copy of what each device shows now. */
  get devices(): Record<string, DeviceState> {
    return Object.fromEntries([...this.states].map(([name, state]) => [name, { ...state }]));
  }

  /** The current goes: the device answers nothing and is said to be offline, but nobody has taken it off the list. */
  async unplug(name: string): Promise<void> {
    this.unplugged.add(name);
    await this.tell(`${name}/availability`, { state: 'offline' });
  }

  /** The current is back. */
  async plugIn(name: string): Promise<void> {
    this.unplugged.delete(name);
    await this.tell(`${name}/availability`, { state: 'online' });
    await this.report(name);
  }

  /** Somebody uses the switch on the wall, or the weather changes: a device changes by itself and says so. */
  async change(name: string, change: DeviceState): Promise<void> {
    this.become(name, { ...this.states.get(name), ...change });
    await this.report(name);
  }

  /** The broker ends, as in a power cut: no goodbye to anybody. */
  async stopBroker(): Promise<void> {
    const { server, broker } = this;
    if (!server || !broker) return;
    this.server = this.broker = undefined;
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => broker.close(resolve));
    await new Promise<unknown>((resolve) => server.close(resolve));
  }

  /** The broker is back on its port, has forgotten what it kept, and the bridge tells it again. */
  async startBroker(): Promise<void> {
    const { Aedes } = await import('aedes'); // only there as an ES module
    const broker = await Aedes.createBroker();
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      broker.handle(socket);
    });
    this.server.listen(this.listenPort, '127.0.0.1');
    await once(this.server, 'listening');
    this.listenPort = (this.server.address() as AddressInfo).port;
    this.broker = broker;
    await this.listen('set', (name, command) => this.set(name, command));
    await this.listen('get', (name) => this.report(name));
    await this.tell('bridge/state', { state: 'online' });
    for (const name of this.states.keys()) {
      const state = this.unplugged.has(name) ? 'offline' : 'online';
      await this.tell(`${name}/availability`, { state });
      await this.report(name);
    }
  }

  /** Ends everything; can be called twice. */
  async close(): Promise<void> {
    await this.stopBroker();
    this.removeAllListeners();
  }

  private listen(verb: string, act: (name: string, command: DeviceState) => void): Promise<void> {
    const heard = ({ topic, payload }: AedesPublishPacket, done: () => void): void => {
      const name = topic.slice(BASE.length + 1, -verb.length - 1);
      if (this.states.has(name)) act(name, commandIn(payload.toString()));
      done();
    };
    return new Promise((resolve) => this.broker?.subscribe(`${BASE}/+/${verb}`, heard, resolve));
  }

  private set(name: string, command: DeviceState): void {
    this.emit('command', name, command);
    const before = this.states.get(name) ?? {};
    if (this.unplugged.has(name)) return;
    this.become(name, DEVICES[name]?.take?.(before, command) ?? before);
    void this.report(name);
  }

  private become(name: string, state: DeviceState): void {
    const before = this.states.get(name) ?? {};
    this.states.set(name, state);
    if (JSON.stringify(before) !== JSON.stringify(state)) this.emit('change', name, state, before);
  }

  /** A device that has no current says nothing. */
  private report(name: string): Promise<void> {
    return this.unplugged.has(name) ? Promise.resolve() : this.tell(name, this.states.get(name) ?? {});
  }

  /** Publishes below the base topic, to be kept by the broker. */
  private tell(topic: string, payload: object): Promise<void> {
    const { broker } = this;
    if (!broker) return Promise.resolve();
    const packet = { cmd: 'publish', qos: 0, retain: true, dup: false } as const;
    return new Promise((resolve) => {
      broker.publish({ ...packet, topic: `${BASE}/${topic}`, payload: JSON.stringify(payload) }, () =>
        resolve(),
      );
    });
  }
}

/** JSON, or the word alone that Zigbee2MQTT also takes; anything else asks for nothing. */
function commandIn(text: string): DeviceState {
  try {
    const command: unknown = JSON.parse(text);
    return typeof command === 'object' && command !== null && !Array.isArray(command)
      ? (command as DeviceState)
      : {};
  } catch {
    return { state: text };
  }
}
