import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseWav } from '../../src/media';
import type { Comms, DebugMessage } from '../support/comms';
import { type Home, startHome, withBroker } from '../support/home';
import { type FlowNode, NodeRed, type NodeRedRuntime } from '../support/node-red';
import { packedPackage } from '../support/package';
import { skipWithout } from '../support/skip';
import { rms, samplesOf } from '../support/sound';
import { until } from '../support/processes';
import { example, named, only } from './flows';

/** The whole way of example 07: a voice, a function call, a real MQTT broker, a device, its report, a voice. */
export function describeHome(name: string, find: () => NodeRedRuntime | { missing: string }): void {
  describe(`home by voice over MQTT, in Node-RED ${name}`, function () {
    this.timeout(120_000);
    const flow = example('07 - Control a home by voice over MQTT');
    let home: Home;
    let nodeRed: NodeRed | undefined;
    let comms: Comms;
    const wrong: unknown[] = [];

    before(packedPackage);
    before(async function () {
      const runtime = find();
      skipWithout(this, 'missing' in runtime && runtime.missing);
      home = await startHome();
      const settings = { mqttReconnectTime: 200 };
      nodeRed = await NodeRed.start({ runtime: runtime as NodeRedRuntime, settings });
      comms = await nodeRed.events();
      comms.on('debug', ({ name, msg }: DebugMessage) => name === 'what went wrong' && wrong.push(msg.error));
      await nodeRed.deploy(withBroker(impatient(flow), home));
      await connected();
    });
    after(async () => {
      await nodeRed?.stop();
      await home?.close();
    });
    beforeEach(() => comms.clear());

    const connected = () =>
      comms.status(({ id, text }) => id === only(flow, 'mqtt in').id && /\.connected/.test(text ?? ''));
    const press = (button: string) => nodeRed!.inject(named(flow, button).id);
    const text = (pattern: RegExp) =>
      comms.debugged(({ name, msg }) => name === 'text of both sides' && pattern.test(String(msg.payload)));

    it('switches a light by a spoken request, and says so aloud when the light has reported it', async () => {
      const commands: unknown[] = [];
      home.on('command', (device: string, command: object) => commands.push([device, command]));
      assert.equal(home.devices.kitchen_light?.state, 'OFF');
      await press('ask aloud');
      await text(/^turn on the kitchen light$/i);
      await text(/^The kitchen light is on\.$/);
      assert.equal(home.devices.kitchen_light?.state, 'ON');
      assert.deepEqual(commands, [['kitchen_light', { state: 'ON' }]]);
      const { msg } = await comms.debugged(({ name }) => name === 'saved as');
      assert.match(JSON.stringify(msg), /gemini-live-home\.wav/);
      const { data } = parseWav(await readFile(path.join(nodeRed!.userDir, 'gemini-live-home.wav')));
      assert.ok(rms(samplesOf(data)) > 0.02, 'the answer is silent');
    });

    it('moves blinds, dims, heats and measures', async () => {
      await press('close the bedroom blinds');
      await text(/^The bedroom blinds are closed\.$/);
      await press('set the bedroom light to 40 percent');
      await text(/^The bedroom light is on\. It is at 40 percent\.$/);
      await press('set the thermostat to 21 degrees');
      await text(/^The thermostat is set to 21 degrees\.$/);
      const { bedroom_blinds, bedroom_light, thermostat } = home.devices;
      assert.deepEqual(
        [bedroom_blinds?.position, bedroom_light, thermostat?.current_heating_setpoint],
        [0, { state: 'ON', brightness: 102 }, 21],
      );
      await home.change('kitchen_sensor', { temperature: 23.5 });
      await press('how warm is it in the kitchen');
      await text(/^It is 23\.5 degrees in the kitchen\. The humidity is 45 percent\.$/);
    });

    it('says so when a device does not answer', async () => {
      await home.unplug('kitchen_light');
      await press('turn off the kitchen light');
      await text(/kitchen_light does not answer/);
      assert.equal(home.devices.kitchen_light?.state, 'ON');
      await home.plugIn('kitchen_light');
    });

    it('says what a device shows, when that is not what was wanted', async () => {
      await home.unplug('kitchen_light');
      const asked = once(home, 'command');
      await press('turn off the kitchen light');
      await asked;
      await home.plugIn('kitchen_light'); // it has missed the command, and reports that it is on
      await text(/^The kitchen light is on\.$/);
    });

    it('says so while the broker is away, and goes on when it is back', async () => {
      const gone = comms.status(
        ({ id, text }) => id === only(flow, 'mqtt in').id && /connecting|disconnected/.test(text ?? ''),
      );
      await home.stopBroker();
      await gone;
      await press('turn off the kitchen light');
      await text(/kitchen_light does not answer/);
      comms.clear();
      await home.startBroker();
      await connected();
      await press('turn off the kitchen light');
      await text(/^The kitchen light is off\.$/);
      await until(
        'the light is off',
        () => home.devices.kitchen_light?.state,
        (state) => state === 'OFF',
      );
    });

    it('does all that without an error, but for the loudspeaker where there is none', () => {
      const others = wrong.filter((error) => !/loudspeaker/.test(JSON.stringify(error)));
      assert.deepEqual(others, []);
    });
  });
}

/** Whoever tests need not wait as long for a device that never answers. */
function impatient(flow: FlowNode[]): FlowNode[] {
  return flow.map((node) => (node.type === 'delay' ? { ...node, timeout: '1' } : node));
}
