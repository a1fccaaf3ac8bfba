import type { DeclaredFunction } from '../shared/registry';
import { openEndpoint, type Endpoint } from './endpoint';
import { sessionSettings, type SessionSettings } from './settings';
import type { Values } from './values';

/** Where a session goes and how it is to be. */
export interface Prepared {
  endpoint: Endpoint;
  settings: SessionSettings;
}

/**
 * Everything that a session needs, of the values of a config node.
 *
 * @param functions what the nodes of the flow declare
 * @param folder where relative file names start
 * @throws FieldError, ProtocolError, and what {@link openEndpoint} throws
 */
export async function prepare(
  values: Values,
  functions: DeclaredFunction[],
  folder: string,
): Promise<Prepared> {
  const backend = values.text('endpoint') === 'vertex' ? 'vertex' : 'gemini';
  const settings = sessionSettings(values, functions, backend);
  return { settings, endpoint: await openEndpoint(values, settings, folder) };
}
