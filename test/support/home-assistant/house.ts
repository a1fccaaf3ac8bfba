import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';

/** An entity as Home Assistant tells it: https://www.home-assistant.io/docs/configuration/state_object/ */
export interface EntityState {
  entity_id: string;
  state: string;
  attributes: Record<string, unknown>;
  last_changed: string;
  last_updated: string;
  context: { id: string; parent_id: string | null; user_id: string | null };
}

/** An action that somebody asked for. */
export interface ActionCall {
  domain: string;
  service: string;
  data: Record<string, unknown>;
  /** The entities that the target meant, areas resolved. */
  entities: string[];
}

/** Why an action was not done, as Home Assistant says it. */
export class ActionError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const AREAS = ['kitchen', 'bedroom', 'living_room'];
const words = (id: string): string => id.replaceAll('_', ' ');
const titled = (id: string): string => words(id).replace(/^./, (letter) => letter.toUpperCase());

/** A house of three rooms. The ids are those that Home Assistant gives to devices with such names. */
const DEVICES: ReadonlyArray<[id: string, state: string, attributes: object, area?: string]> = [
  ...AREAS.flatMap((area): Array<[string, string, object, string]> => [
    [`light.${area}`, 'off', { supported_color_modes: ['brightness'], brightness: null }, area],
    [`cover.${area}_blinds`, 'closed', { device_class: 'blind', current_position: 0 }, area],
    [`sensor.${area}_temperature`, '21.5', { device_class: 'temperature', unit_of_measurement: '°C' }, area],
    [`sensor.${area}_humidity`, '48', { device_class: 'humidity', unit_of_measurement: '%' }, area],
  ]),
  [
    'climate.thermostat',
    'heat',
    { temperature: 19, current_temperature: 20.4, min_temp: 7, max_temp: 30, hvac_modes: ['off', 'heat'] },
  ],
  ['lock.front_door', 'locked', {}],
  ['binary_sensor.front_door', 'off', { device_class: 'door' }],
  ['sensor.washing_machine', 'running', {}],
];

interface Action {
  description: string;
  /** Limits of the numbers that it takes. */
  fields: Record<string, [min: number, max: number]>;
  required?: string;
  run: (entity: EntityState, data: Record<string, unknown>) => { state?: string; attributes?: object };
}

const light = (on: boolean, brightness: number | null): object => ({
  state: on ? 'on' : 'off',
  attributes: { brightness },
});
const cover = (position: number): object => ({
  state: position > 0 ? 'open' : 'closed',
  attributes: { current_position: position },
});

/** The actions of this house, with the fields and limits that Home Assistant documents for each. */
const ACTIONS: Record<string, Record<string, Action>> = {
  light: {
    turn_on: {
      description: 'Turns on one or more lights',
      fields: { brightness: [0, 255], brightness_pct: [0, 100], transition: [0, 300] },
      run(entity, data) {
        const share = data.brightness_pct as number | undefined;
        const before = (entity.attributes.brightness as number | null) ?? 255;
        const brightness =
          share === undefined
            ? ((data.brightness as number | undefined) ?? before)
            : Math.round(share * 2.55);
        // A brightness of 0 turns a light off.
        return light(brightness > 0, brightness || null);
      },
    },
    turn_off: {
      description: 'Turns off one or more lights',
      fields: { transition: [0, 300] },
      run: () => light(false, null),
    },
  },
  cover: {
    open_cover: { description: 'Opens a cover', fields: {}, run: () => cover(100) },
    close_cover: { description: 'Closes a cover', fields: {}, run: () => cover(0) },
    set_cover_position: {
      description: 'Moves a cover to a specific position',
      fields: { position: [0, 100] },
      required: 'position',
      run: (_entity, data) => cover(data.position as number),
    },
  },
  climate: {
    set_temperature: {
      description: 'Sets the target temperature',
      fields: { temperature: [0, 250] },
      required: 'temperature',
      run(entity, data) {
        const { min_temp: min, max_temp: max } = entity.attributes as { min_temp: number; max_temp: number };
        const temperature = data.temperature as number;
        if (temperature < min || temperature > max)
          throw new ActionError(
            'service_validation_error',
            `Validation error: Provided temperature ${temperature} is not valid. Accepted range is ${min} to ${max}`,
          );
        return { attributes: { temperature } };
      },
    },
  },
  lock: {
    lock: { description: 'Locks a lock', fields: {}, run: () => ({ state: 'locked' }) },
    unlock: { description: 'Unlocks a lock', fields: {}, run: () => ({ state: 'unlocked' }) },
  },
};

/**
 * The states of a house and what can be done in it, with Home Assistant's names. Emits `change` (after, before) for each
 * state or attribute that is new.
 */
export class House extends EventEmitter {
  readonly entities = new Map<string, EntityState>();
  /** Every action that was carried out, in order. */
  readonly calls: ActionCall[] = [];
  /** Targets that are not in this house: Home Assistant writes them into its log and calls that a success. */
  readonly missing: string[] = [];
  private readonly areas = new Map<string, string>();

  constructor() {
    super();
    this.setMaxListeners(0);
    for (const [id, state, attributes, area] of DEVICES) {
      this.set(id, state, { friendly_name: titled(id.split('.')[1] ?? ''), ...attributes });
      if (area) this.areas.set(id, area);
    }
  }

  /**
   * Changes an entity, as a device, a person or an action does.
   * @param attributes added to those it has
   */
  set(id: string, state: string, attributes: object = {}): void {
    const before = this.entities.get(id);
    const whole = { ...before?.attributes, ...attributes };
    const changed = before?.state !== state;
    if (!changed && JSON.stringify(whole) === JSON.stringify(before?.attributes)) return;
    const now = new Date().toISOString();
    const after: EntityState = {
      entity_id: id,
      state,
      attributes: whole,
      last_changed: changed ? now : (before?.last_changed ?? now),
      last_updated: now,
      context: { id: randomUUID(), parent_id: null, user_id: null },
    };
    this.entities.set(id, after);
    this.emit('change', after, before);
  }

  /**
   * Does what `call_service` asks for.
   * @param target `entity_id` or `area_id`, each one or a list
   * @throws {ActionError} with Home Assistant's code and words
   */
  act(domain: string, service: string, data: Record<string, unknown>, target: Record<string, unknown>): void {
    const action = ACTIONS[domain]?.[service];
    if (!action) throw new ActionError('not_found', `Service ${domain}.${service} not found.`);
    // Old clients put the target among the data.
    const { entity_id, area_id, ...fields } = data;
    check(action, fields);
    const meant = this.meant(domain, { entity_id, area_id, ...target });
    if (!meant.length && !(entity_id ?? area_id ?? target.entity_id ?? target.area_id))
      throw new ActionError('invalid_format', `must contain at least one of entity_id, device_id, area_id.`);
    const there = (id: string): boolean => id.startsWith(`${domain}.`) && this.entities.has(id);
    const entities = meant.filter((id) => there(id) || !this.missing.push(id));
    const changes = entities.map((id) => [id, action.run(this.entities.get(id)!, fields)] as const);
    this.calls.push({ domain, service, data: fields, entities });
    for (const [id, { state, attributes }] of changes)
      this.set(id, state ?? this.entities.get(id)!.state, attributes);
  }

  /** Answer of `get_services`. */
  services(): object {
    return mapValues(ACTIONS, (actions, domain) =>
      mapValues(actions, ({ description, fields, required }, service) => ({
        name: titled(service),
        description,
        fields: mapValues(fields, ([min, max], field) => ({
          required: field === required,
          selector: { number: { min, max } },
        })),
        target: { entity: [{ domain: [domain] }] },
      })),
    );
  }

  /** Answers of the lists of the registries, by the name in the command. */
  registry(name: string): object[] | undefined {
    const ids = [...this.entities.keys()];
    const lists: Record<string, object[]> = {
      area: AREAS.map((area_id) => ({
        area_id,
        name: titled(area_id),
        floor_id: 'ground',
        aliases: [],
        labels: [],
      })),
      floor: [{ floor_id: 'ground', name: 'Ground floor', level: 0, aliases: [] }],
      label: [],
      device: ids.map((id) => ({
        id: `device-${id}`,
        name: titled(id.split('.')[1] ?? ''),
        name_by_user: null,
        area_id: this.areas.get(id) ?? null,
        labels: [],
      })),
      entity: ids.map((entity_id) => ({
        entity_id,
        id: `registry-${entity_id}`,
        device_id: `device-${entity_id}`,
        area_id: null,
        name: null,
        original_name: this.entities.get(entity_id)?.attributes.friendly_name,
        platform: 'demo',
        labels: [],
      })),
    };
    return lists[name];
  }

  private meant(domain: string, target: Record<string, unknown>): string[] {
    const list = (value: unknown): string[] => [value ?? []].flat().map(String);
    const areas = list(target.area_id);
    const inAreas = [...this.areas].filter(
      ([id, area]) => areas.includes(area) && id.startsWith(`${domain}.`),
    );
    return [...new Set([...list(target.entity_id), ...inAreas.map(([id]) => id)])];
  }
}

/** Refuses what Home Assistant's schema for an action's data refuses. */
function check({ fields, required }: Action, data: Record<string, unknown>): void {
  if (required && !(required in data))
    throw new ActionError('invalid_format', `required key not provided @ data['${required}']. Got None`);
  for (const [name, value] of Object.entries(data)) {
    const limits = fields[name];
    if (!limits) throw new ActionError('invalid_format', `extra keys not allowed @ data['${name}']`);
    if (typeof value !== 'number')
      throw new ActionError('invalid_format', `expected float for dictionary value @ data['${name}']`);
    if (value < limits[0])
      throw new ActionError('invalid_format', `value must be at least ${limits[0]} @ data['${name}']`);
    if (value > limits[1])
      throw new ActionError('invalid_format', `value must be at most ${limits[1]} @ data['${name}']`);
  }
}

const mapValues = <T, R>(of: Record<string, T>, make: (value: T, key: string) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, make(value, key)]));
