import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  callService,
  type Connection,
  createConnection,
  createLongLivedTokenAuth,
  ERR_INVALID_AUTH,
  getServices,
  type HassEntity,
  subscribeEntities,
} from 'home-assistant-js-websocket';
import { WebSocket } from 'ws';
import { until } from '../processes';
import { HomeAssistant } from '.';

type Json = Record<string, unknown>;

/** Home Assistant's own client library, with a socket of `ws`. */
function connect(url: string, token: string): Promise<Connection> {
  return createConnection({
    auth: createLongLivedTokenAuth(url, token),
    createSocket: async () => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/api/websocket`);
      const next = async (): Promise<Json> => JSON.parse(String((await once(socket, 'message'))[0])) as Json;
      const { ha_version: haVersion } = await next();
      socket.send(JSON.stringify({ type: 'auth', access_token: token }));
      if ((await next()).type !== 'auth_ok') throw ERR_INVALID_AUTH;
      return Object.assign(socket, { haVersion });
    },
  });
}

describe('support: Home Assistant', () => {
  let server: HomeAssistant;
  const open: Array<{ close(): void }> = [];

  beforeEach(async () => {
    server = await HomeAssistant.start();
  });
  afterEach(async () => {
    for (const client of open.splice(0)) client.close();
    await server.close();
  });

  /** A client that sends what it likes; the answers to its commands by their order. */
  async function raw(): Promise<{ ask(message: object): Promise<Json>; socket: WebSocket }> {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/websocket`);
    open.push(socket);
    const answer = async (): Promise<Json> => JSON.parse(String((await once(socket, 'message'))[0])) as Json;
    assert.equal((await answer()).type, 'auth_required');
    const ask = (message: object): Promise<Json> => {
      const next = answer();
      socket.send(JSON.stringify(message));
      return next;
    };
    return { ask, socket };
  }

  it('tells its states, and each change, to its own client library', async () => {
    const connection = await connect(server.url, server.token);
    open.push(connection);
    let seen: Record<string, HassEntity> = {};
    subscribeEntities(connection, (entities) => (seen = entities));
    await until('the states', () => Object.keys(seen).length, Boolean);
    assert.equal(seen['light.kitchen']?.state, 'off');
    await callService(connection, 'light', 'turn_on', { brightness_pct: 60 }, { entity_id: 'light.kitchen' });
    await until(
      'the change',
      () => seen['light.kitchen']?.state,
      (state) => state === 'on',
    );
    assert.equal(seen['light.kitchen']?.attributes.brightness, 153);
    assert.equal(seen['light.kitchen']?.attributes.friendly_name, 'Kitchen');
    assert.deepEqual(server.house.calls, [
      { domain: 'light', service: 'turn_on', data: { brightness_pct: 60 }, entities: ['light.kitchen'] },
    ]);
    assert.ok((await getServices(connection)).light?.turn_on);
  });

  it('tells whole events to those who subscribe to them', async () => {
    const connection = await connect(server.url, server.token);
    open.push(connection);
    const events: Json[] = [];
    await connection.subscribeEvents((event) => events.push(event), 'state_changed');
    server.house.set('binary_sensor.front_door', 'on');
    await until('the event', () => events.length, Boolean);
    const data = events[0]?.data as { old_state: Json; new_state: Json };
    assert.deepEqual([data.old_state.state, data.new_state.state], ['off', 'on']);
  });

  it('moves everything of its kind in an area, and takes what is not there for done', async () => {
    server.house.act('cover', 'open_cover', {}, { area_id: 'bedroom' });
    server.house.act('lock', 'unlock', {}, { entity_id: ['lock.front_door', 'lock.back_door'] });
    assert.equal(server.entity('cover.bedroom_blinds').attributes.current_position, 100);
    assert.equal(server.entity('cover.kitchen_blinds').state, 'closed');
    assert.equal(server.entity('lock.front_door').state, 'unlocked');
    assert.deepEqual(server.house.missing, ['lock.back_door']);
  });

  it('refuses a wrong token and closes', async () => {
    const { ask, socket } = await raw();
    const closed = once(socket, 'close');
    assert.equal((await ask({ type: 'auth', access_token: 'wrong' })).type, 'auth_invalid');
    await closed;
    assert.equal(server.refused, 1);
    assert.equal(server.clients, 0);
    assert.equal((await fetch(`${server.url}/api/states`)).status, 401);
  });

  for (const [what, message, code] of [
    ['an unknown command', { id: 5, type: 'make_coffee' }, 'unknown_command'],
    ['a command without an id', { type: 'ping' }, 'invalid_format'],
    ['an id that does not grow', { id: 1, type: 'ping' }, 'id_reuse'],
    ['a field that is none', { id: 5, type: 'get_states', room: 'kitchen' }, 'invalid_format'],
    ['an unknown action', { id: 5, type: 'call_service', domain: 'light', service: 'dance' }, 'not_found'],
    [
      'a wrong value',
      {
        id: 5,
        type: 'call_service',
        domain: 'light',
        service: 'turn_on',
        service_data: { brightness_pct: 120 },
        target: { entity_id: 'light.kitchen' },
      },
      'invalid_format',
    ],
    [
      'what the device cannot do',
      {
        id: 5,
        type: 'call_service',
        domain: 'climate',
        service: 'set_temperature',
        service_data: { temperature: 45 },
        target: { entity_id: 'climate.thermostat' },
      },
      'service_validation_error',
    ],
  ] as const)
    it(`refuses ${what}`, async () => {
      const { ask } = await raw();
      await ask({ type: 'auth', access_token: server.token });
      assert.equal((await ask({ id: 1, type: 'ping' })).type, 'pong');
      const { success, error } = await ask(message);
      assert.equal(success, false);
      assert.equal((error as Json).code, code);
      assert.deepEqual(server.house.calls, []);
    });

  it('answers over HTTP', async () => {
    const headers = { authorization: `Bearer ${server.token}` };
    const turnOn = { method: 'POST', headers, body: '{"entity_id":"light.bedroom"}' };
    const changed = (await (
      await fetch(`${server.url}/api/services/light/turn_on`, turnOn)
    ).json()) as Json[];
    assert.deepEqual([changed.length, changed[0]?.state], [1, 'on']);
    const state = await (await fetch(`${server.url}/api/states/light.bedroom`, { headers })).json();
    assert.equal((state as Json).state, 'on');
    assert.equal((await fetch(`${server.url}/api/states/light.cellar`, { headers })).status, 404);
  });
});
