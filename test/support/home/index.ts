import { Home, type HomeOptions } from './home';

export { Home, type HomeOptions } from './home';
export type { DeviceState } from './devices';
export { withBroker } from './flow';

/** A broker on loopback with a simulated home behind it; `close()` ends both. */
export function startHome(options: HomeOptions = {}): Promise<Home> {
  return Home.start(options);
}
