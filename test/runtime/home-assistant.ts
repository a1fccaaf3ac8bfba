import assert from 'node:assert/strict';
import type { Comms, DebugMessage } from '../support/comms';
import { HomeAssistant } from '../support/home-assistant';
import { type FlowNode, NodeRed, type NodeRedRuntime } from '../support/node-red';
import { installInto, linkInto, packedPackage } from '../support/package';
import { until } from '../support/processes';
import { skipWithout } from '../support/skip';
import { example, only } from './flows';

const THEIRS = 'node-red-contrib-home-assistant-websocket';
const CONTROL = 'Home Assistant/01 - Voice control of Home Assistant';
const ANNOUNCE = 'Home Assistant/02 - Announce what happens in the house';

/** The two examples for Home Assistant, with the packed package and the real Home Assistant nodes in a real Node-RED. */
export function describeHomeAssistant(name: string, find: () => NodeRedRuntime | { missing: string }): void {
  describe(`Home Assistant and Node-RED ${name}`, function () {
    this.timeout(120_000);
    let house: HomeAssistant;
    let nodeRed: NodeRed | undefined;
    let comms: Comms;

    before(async function () {
      this.timeout(300_000); // the first to need the package makes it
      const runtime = find();
      skipWithout(this, 'missing' in runtime && runtime.missing);
      await packedPackage();
      house = await HomeAssistant.start();
      nodeRed = await NodeRed.start({
        runtime: runtime as NodeRedRuntime,
        install: async (userDir) => {
          await installInto(userDir);
          await linkInto(userDir, THEIRS);
        },
      });
      comms = await nodeRed.events();
    });
    after(async () => {
      await nodeRed?.stop();
      await house?.close();
    });

    /** Deploys an example as a user does who has filled in address and token. */
    async function deploy(title: string): Promise<FlowNode[]> {
      const flow = example(title);
      const server = only(flow, 'server');
      server.credentials = { host: house.url, access_token: house.token };
      only(flow, 'gemini-live-config').endpoint = 'local';
      // There is no sound on this machine: what is spoken is also written.
      const speaker = only(flow, 'gemini-live-audio-out');
      const [audio] = only(flow, 'gemini-live-session').wires as string[][];
      audio!.splice(0);
      house.received.splice(0);
      comms.clear();
      await nodeRed!.deploy(flow.filter((node) => node !== speaker));
      const asked = (type: string): boolean => house.received.some((message) => message.type === type);
      await until(
        'Home Assistant told all',
        () => asked('config/label_registry/list') && asked('get_services'),
      );
      return flow;
    }

    const written = (words: RegExp): Promise<DebugMessage> =>
      comms.debugged(({ msg }) => words.test(String(msg.payload)));

    it('loads both packages', async () => {
      const sets = await nodeRed!.admin<
        { module: string; types: string[]; err?: string; enabled: boolean }[]
      >('GET', 'nodes');
      for (const [module, type] of [
        [THEIRS, 'api-call-service'],
        ['@parley/node-red-gemini-live', 'gemini-live-tools'],
      ] as const) {
        const set = sets.find((candidate) => candidate.module === module && candidate.types.includes(type));
        assert.ok(set?.enabled && !set.err, `${type}: ${set?.err ?? 'not there'}`);
      }
    });

    describe(CONTROL, () => {
      let flow: FlowNode[];
      before(async () => {
        flow = await deploy(CONTROL);
      });

      /** Presses the button of that name, or says something that no button says. */
      async function say(words: string): Promise<void> {
        comms.clear();
        const button = flow.find(({ type, name }) => type === 'inject' && name === words);
        assert.ok(button, `no button "${words}"`);
        await nodeRed!.inject(button.id);
      }
      const state = (id: string): string => house.entity(id).state;

      it('turns on the kitchen light, and says so', async () => {
        assert.equal(state('light.kitchen'), 'off');
        await say('turn on the kitchen light');
        await written(/^The kitchen light is on\.$/);
        assert.equal(state('light.kitchen'), 'on');
        assert.deepEqual(house.house.calls, [
          { domain: 'light', service: 'turn_on', data: {}, entities: ['light.kitchen'] },
        ]);
      });

      it('opens the bedroom blinds', async () => {
        await say('open the bedroom blinds');
        await written(/blinds are open(ing)?\.$/);
        assert.equal(house.entity('cover.bedroom_blinds').attributes.current_position, 100);
      });

      it('sets the thermostat to the number that was said', async () => {
        await say('set the thermostat to twenty one degrees');
        await written(/^The thermostat is set to (21|twenty one) degrees\.$/);
        assert.equal(house.entity('climate.thermostat').attributes.temperature, 21);
      });

      it('says what a sensor measures', async () => {
        house.house.set('sensor.kitchen_temperature', '23');
        await say('how warm is it in the kitchen');
        await written(/(23|twenty three) degrees/);
      });

      it('says what Home Assistant refuses, and why', async () => {
        house.house.set('climate.thermostat', 'heat', { max_temp: 20, temperature: 18 });
        await say('set the thermostat to twenty one degrees');
        await written(/Accepted range is 7 to 20/);
        assert.equal(house.entity('climate.thermostat').attributes.temperature, 18);
      });

      it('goes on after Home Assistant was restarted', async () => {
        house.house.set('light.kitchen', 'off', { brightness: null });
        house.received.splice(0);
        house.drop();
        await until('connected again', () => house.received.some(({ type }) => type === 'get_services'));
        await say('turn on the kitchen light');
        await written(/^The kitchen light is on\.$/);
        assert.equal(state('light.kitchen'), 'on');
      });

      it('says at once that Home Assistant is away, and does nothing later', async () => {
        house.away = true;
        house.drop();
        await until('gone', () => house.clients === 0);
        const before = house.house.calls.length;
        await say('turn on the kitchen light');
        await written(/connect/i);
        house.away = false;
        assert.equal(house.house.calls.length, before);
      });

      it('leaves the token where nobody reads it', async () => {
        const flows = JSON.stringify(await nodeRed!.admin('GET', 'flows'));
        assert.ok(!flows.includes(house.token));
        assert.ok(!nodeRed!.log.join('\n').includes(house.token));
        assert.equal(house.refused, 0);
      });
    });

    describe(ANNOUNCE, () => {
      before(() => deploy(ANNOUNCE));

      it('says that the door was opened', async () => {
        house.house.set('binary_sensor.front_door', 'on');
        await written(/The front door is open\./);
      });

      it('says that the laundry is done', async () => {
        house.house.set('sensor.washing_machine', 'done');
        await written(/The laundry is done\./);
      });
    });
  });
}
