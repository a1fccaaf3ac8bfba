import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connectAsync, type MqttClient } from 'mqtt';
import { until } from '../processes';
import { type Home, startHome } from '.';

/** The home must be a stranger's: an ordinary MQTT client is all that is used here. */
describe('simulated home', () => {
  let home: Home;
  let client: MqttClient;
  let told: Record<string, unknown>;

  before(async () => {
    home = await startHome();
    client = await connectAsync(`mqtt://127.0.0.1:${home.port}`, { reconnectPeriod: 50 });
    client.on('message', (topic, payload) => {
      if (!topic.endsWith('/set')) told[topic] = JSON.parse(payload.toString() || '{}');
    });
  });
  beforeEach(async () => {
    told = {};
    await client.subscribeAsync('zigbee2mqtt/#');
    await until(
      'the retained messages',
      () => told['zigbee2mqtt/thermostat'],
      (state) => state !== undefined,
    );
  });
  afterEach(() => client.unsubscribeAsync('zigbee2mqtt/#'));
  after(async () => {
    await client.endAsync(true);
    await home.close();
  });

  const reported = (name: string, state: object) =>
    until(
      `${name} reports ${JSON.stringify(state)}`,
      () => told[`zigbee2mqtt/${name}`] as object,
      (shown) => JSON.stringify({ ...shown, ...state }) === JSON.stringify(shown),
    );

  it('tells newcomers the state of each device, whether it is there, and that the bridge is', () => {
    assert.deepEqual(told['zigbee2mqtt/bridge/state'], { state: 'online' });
    assert.deepEqual(told['zigbee2mqtt/kitchen_sensor/availability'], { state: 'online' });
    for (const [name, state] of Object.entries(home.devices))
      assert.deepEqual(told[`zigbee2mqtt/${name}`], state);
  });

  it('does what it is told, and says what came of it', async () => {
    const changed = once(home, 'change');
    await client.publishAsync('zigbee2mqtt/kitchen_light/set', '{"state":"ON","brightness":999}');
    const [name, state, before] = await changed;
    assert.deepEqual(
      [name, state, (before as { state: string }).state],
      ['kitchen_light', { state: 'ON', brightness: 254 }, 'OFF'],
    );
    await reported('kitchen_light', { state: 'ON' });
    await client.publishAsync('zigbee2mqtt/kitchen_light/set', 'TOGGLE');
    await reported('kitchen_light', { state: 'OFF' });
    await client.publishAsync('zigbee2mqtt/bedroom_blinds/set', '{"position":40}');
    await reported('bedroom_blinds', { position: 40, state: 'OPEN' });
    await client.publishAsync('zigbee2mqtt/thermostat/set', '{"current_heating_setpoint":21.5}');
    await reported('thermostat', { current_heating_setpoint: 21.5 });
  });

  it('reports also what changes nothing, answers get, and ignores nonsense', async () => {
    const before = home.devices;
    const publish = async (topic: string, payload: string): Promise<void> => {
      delete told['zigbee2mqtt/living_room_light'];
      await client.publishAsync(`zigbee2mqtt/living_room_light/${topic}`, payload);
      await reported('living_room_light', { state: 'OFF' });
    };
    await publish('get', '{"state":""}');
    await publish('set', '{"state":"OFF"}');
    await publish('set', '{"nonsense":[1]}');
    await publish('set', '}');
    await client.publishAsync('zigbee2mqtt/nobody/set', '{"state":"ON"}');
    await client.publishAsync('zigbee2mqtt/kitchen_sensor/set', '{"temperature":99}');
    await publish('get', '');
    assert.deepEqual(home.devices, before);
  });

  it('hears nothing from a device without current', async () => {
    await home.unplug('bedroom_light');
    const asked = once(home, 'command');
    await client.publishAsync('zigbee2mqtt/bedroom_light/set', '{"state":"ON"}');
    await asked;
    await reported('bedroom_light/availability', { state: 'offline' });
    assert.equal(home.devices.bedroom_light?.state, 'OFF');
    await home.plugIn('bedroom_light');
    await reported('bedroom_light/availability', { state: 'online' });
  });

  it('goes away and comes back on its port, with the states it had', async () => {
    const { port } = home;
    const lost = new Promise((resolve) => client.once('close', () => resolve(undefined)));
    await home.stopBroker();
    await lost;
    await home.change('kitchen_sensor', { temperature: 25 });
    const back = new Promise((resolve) => client.once('connect', resolve));
    await home.startBroker();
    await back;
    assert.equal(home.port, port);
    await reported('kitchen_sensor', { temperature: 25 });
  });
});
