import type { LocalLiveServer } from './server';
import { startServer } from './start';

/** A share in an embedded server. */
export interface Embedded {
  readonly server: LocalLiveServer;
  /** Gives the share back; the last one closes the server. May be called more than once. */
  release(): Promise<void>;
}

interface Entry {
  readonly server: Promise<LocalLiveServer>;
  shares: number;
}

const entries = new Map<string, Entry>();

/**
 * The server of this process for a scenario: started on a free loopback port by whoever asks first, shared by all, and
 * closed when the last share is released.
 * @throws ScenarioError when the scenario cannot be read or has a mistake
 */
export async function embeddedServer({
  scenario = 'assistant',
}: { scenario?: string } = {}): Promise<Embedded> {
  const entry = entries.get(scenario) ?? { server: startServer({ scenario }), shares: 0 };
  entries.set(scenario, entry);
  entry.shares++;
  let released = false;
  const release = async (): Promise<void> => {
    if (released) return;
    released = true;
    if (--entry.shares > 0) return;
    forget(scenario, entry);
    await (await entry.server).close();
  };
  try {
    return { server: await entry.server, release };
  } catch (error) {
    forget(scenario, entry);
    throw error;
  }
}

/** Whoever asks next starts anew; another who did so already keeps theirs. */
function forget(scenario: string, entry: Entry): void {
  if (entries.get(scenario) === entry) entries.delete(scenario);
}
