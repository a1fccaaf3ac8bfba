/** What a device tells of itself: the JSON of its state topic. */
export type DeviceState = Readonly<Record<string, unknown>>;

/** How a kind of device takes a command. Fields it does not know change nothing, as in a real home. */
type Take = (state: DeviceState, command: DeviceState) => DeviceState;

/** One device of the home. */
export interface Device {
  /** What it shows before anybody has touched it. */
  readonly initial: DeviceState;
  /** Sensors take no commands. */
  readonly take?: Take;
}

const ROOMS = ['kitchen', 'bedroom', 'living_room'] as const;

/** Zigbee2MQTT's range; the dimmer's lowest step is 1. */
const BRIGHTEST = 254;

const light: Take = (state, command) => {
  const brightness = numberIn(command.brightness, 0, BRIGHTEST);
  if (brightness === 0) return { ...state, state: 'OFF' };
  const on = switched(state.state, command.state) ?? (brightness === undefined ? state.state : 'ON');
  return { ...state, state: on, ...(brightness !== undefined && { brightness }) };
};

const blinds: Take = (state, command) => {
  const words: Record<string, number> = { OPEN: 100, CLOSE: 0 };
  const position = words[String(command.state).toUpperCase()] ?? numberIn(command.position, 0, 100);
  return position === undefined ? state : { ...state, position, state: position > 0 ? 'OPEN' : 'CLOSE' };
};

const thermostat: Take = (state, command) => {
  const wanted = numberIn(command.current_heating_setpoint, 5, 30);
  return wanted === undefined ? state : { ...state, current_heating_setpoint: wanted };
};

/** The devices, by the friendly names that are part of their topics. */
export const DEVICES: Readonly<Record<string, Device>> = {
  ...each('light', () => ({ initial: { state: 'OFF', brightness: BRIGHTEST }, take: light })),
  ...each('blinds', () => ({ initial: { state: 'OPEN', position: 100 }, take: blinds })),
  ...each('sensor', (room) => ({ initial: { temperature: 20.5 + room, humidity: 45 + room } })),
  thermostat: { initial: { current_heating_setpoint: 20, local_temperature: 20.5 }, take: thermostat },
};

function each(kind: string, device: (room: number) => Device): Record<string, Device> {
  return Object.fromEntries(ROOMS.map((room, index) => [`${room}_${kind}`, device(index)]));
}

function switched(before: unknown, word: unknown): 'ON' | 'OFF' | undefined {
  const wanted = typeof word === 'string' ? word.toUpperCase() : undefined;
  if (wanted === 'TOGGLE') return before === 'ON' ? 'OFF' : 'ON';
  return wanted === 'ON' || wanted === 'OFF' ? wanted : undefined;
}

/** A number cut to a range, as devices do; anything else is no command. */
function numberIn(value: unknown, lowest: number, highest: number): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return Math.min(highest, Math.max(lowest, value));
}
