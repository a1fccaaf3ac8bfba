import type { WebSocket } from 'ws';
import { ActionError, type EntityState } from './house';
import type { HomeAssistant } from './index';

type Json = Record<string, unknown>;

/** What each command may carry beside `id` and `type`; Home Assistant refuses anything else. */
const FIELDS: Record<string, readonly string[]> = {
  supported_features: ['features'],
  ping: [],
  get_states: [],
  get_config: [],
  get_services: [],
  'auth/current_user': [],
  subscribe_events: ['event_type'],
  unsubscribe_events: ['subscription'],
  subscribe_entities: [],
  call_service: ['domain', 'service', 'service_data', 'target', 'return_response'],
  'config/area_registry/list': [],
  'config/device_registry/list': [],
  'config/entity_registry/list': [],
  'config/floor_registry/list': [],
  'config/label_registry/list': [],
};

/** One client of the WebSocket API, from its first message on. */
export class HomeAssistantSocket {
  authenticated = false;
  private lastId = 0;
  private coalesce = false;
  private waiting: object[] = [];
  /** What each subscription makes of a change; by the id of its command. */
  private readonly subscriptions = new Map<number, (after: EntityState, before?: EntityState) => unknown>();

  constructor(
    private readonly socket: WebSocket,
    private readonly server: HomeAssistant,
  ) {
    const tell = (after: EntityState, before?: EntityState): void => {
      for (const [id, make] of this.subscriptions) {
        const event = make(after, before);
        if (event) this.send({ id, type: 'event', event });
      }
    };
    server.house.on('change', tell);
    socket.on('close', () => server.house.off('change', tell));
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) => this.receive(data.toString()));
    this.send({ type: 'auth_required', ha_version: server.version });
  }

  end(): void {
    this.socket.terminate();
  }

  private receive(text: string): void {
    let message: Json;
    try {
      message = JSON.parse(text) as Json;
    } catch {
      return this.socket.close(1007);
    }
    if (this.authenticated) this.command(message);
    else this.authenticate(message);
  }

  private authenticate({ type, access_token: token }: Json): void {
    if (type === 'auth' && token === this.server.token) {
      this.authenticated = true;
      return this.send({ type: 'auth_ok', ha_version: this.server.version });
    }
    this.server.refused += 1;
    const wrong = type === 'auth' ? 'Invalid access token or password' : 'Auth message incorrectly formatted';
    this.flush([{ type: 'auth_invalid', message: wrong }]);
    this.socket.close();
  }

  private command(message: Json): void {
    this.server.received.push(message);
    const { id, type } = message;
    try {
      if (!Number.isInteger(id) || typeof type !== 'string')
        throw new ActionError('invalid_format', 'Message incorrectly formatted.');
      if ((id as number) <= this.lastId)
        throw new ActionError('id_reuse', 'Identifier values have to increase.');
      this.lastId = id as number;
      const fields = FIELDS[type];
      if (!fields) throw new ActionError('unknown_command', 'Unknown command.');
      const extra = Object.keys(message).find((key) => !['id', 'type', ...fields].includes(key));
      if (extra) throw new ActionError('invalid_format', `extra keys not allowed @ data['${extra}']`);
      if (type === 'ping') return this.send({ id, type: 'pong' });
      this.send({ id, type: 'result', success: true, result: this.answer(type, message, id as number) });
      // The states themselves follow as the first event, after the result.
      if (type === 'subscribe_entities') this.send({ id, type: 'event', event: { a: this.compressed() } });
    } catch (error) {
      const { code = 'unknown_error', message: words } = error as ActionError;
      this.send({ id: id ?? null, type: 'result', success: false, error: { code, message: words } });
    }
  }

  /** The result of a command that is written as it should be. */
  private answer(type: string, message: Json, id: number): unknown {
    const { house } = this.server;
    const registry = /^config\/(\w+)_registry\/list$/.exec(type)?.[1];
    if (registry) return house.registry(registry);
    switch (type) {
      case 'supported_features':
        this.coalesce = Boolean((message.features as Json | undefined)?.coalesce_messages);
        return null;
      case 'get_states':
        return [...house.entities.values()];
      case 'get_config':
        return this.server.config();
      case 'get_services':
        return house.services();
      case 'auth/current_user':
        return { id: 'user', name: 'Node-RED', is_owner: true, is_admin: true, credentials: [] };
      case 'subscribe_events':
        this.subscriptions.set(id, (after, before) => stateChanged(message.event_type, after, before));
        return null;
      case 'subscribe_entities':
        this.subscriptions.set(id, difference);
        return null;
      case 'unsubscribe_events':
        if (this.subscriptions.delete(message.subscription as number)) return null;
        throw new ActionError('not_found', 'Subscription not found.');
      default:
        return this.callService(id, message);
    }
  }

  private callService(id: number, message: Json): object {
    const { domain, service, service_data: data, target, return_response: response } = message;
    if (typeof domain !== 'string' || typeof service !== 'string')
      throw new ActionError('invalid_format', `required key not provided @ data['domain']. Got None`);
    if (response) throw new ActionError('service_validation_error', 'The action does not return responses.');
    this.server.house.act(domain, service, (data ?? {}) as Json, (target ?? {}) as Json);
    return { context: { id: `${id}`, parent_id: null, user_id: 'user' }, response: null };
  }

  private compressed(): object {
    return Object.fromEntries(
      [...this.server.house.entities].map(
        ([id, { state, attributes, context, last_changed, last_updated }]) => {
          const [lc, lu] = [seconds(last_changed), seconds(last_updated)];
          return [id, { s: state, a: attributes, c: context.id, lc, ...(lu !== lc && { lu }) }];
        },
      ),
    );
  }

  /** What is sent in one turn of the event loop goes out in one frame, to clients that said they can take it. */
  private send(message: object): void {
    if (!this.coalesce) return this.flush([message]);
    if (this.waiting.push(message) > 1) return;
    setImmediate(() => this.flush(this.waiting.splice(0)));
  }

  private flush(messages: object[]): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.socket.send(JSON.stringify(messages.length === 1 ? messages[0] : messages));
  }
}

const seconds = (time: string): number => Date.parse(time) / 1000;

function stateChanged(type: unknown, after: EntityState, before?: EntityState): object | undefined {
  if (type !== undefined && type !== 'state_changed') return undefined;
  return {
    event_type: 'state_changed',
    data: { entity_id: after.entity_id, old_state: before ?? null, new_state: after },
    origin: 'LOCAL',
    time_fired: after.last_updated,
    context: after.context,
  };
}

/** A change in the compressed format of `subscribe_entities`: only what is new. */
function difference(after: EntityState, before?: EntityState): object {
  const changed = after.last_changed !== before?.last_changed;
  const attributes = Object.fromEntries(
    Object.entries(after.attributes).filter(([name, value]) => before?.attributes[name] !== value),
  );
  const plus = {
    ...(changed && { s: after.state }),
    ...(Object.keys(attributes).length && { a: attributes }),
    c: after.context.id,
    [changed ? 'lc' : 'lu']: seconds(after.last_updated),
  };
  return { c: { [after.entity_id]: { '+': plus } } };
}
