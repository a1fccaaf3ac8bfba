import { startServer, toneVoice } from '../../src/server';
import { toneEars } from '../survival/speech';

/**
 * The other side of the simulated hour, in a process of its own so that its memory is not counted. Ends with its parent.
 * Arguments: speed of the clock, seconds (on that clock) between two GoAways, and the phrases it can hear.
 */
async function main([clock, goAwaySeconds, ...phrases]: string[]): Promise<void> {
  const server = await startServer({
    clock: Number(clock),
    ears: toneEars(phrases),
    voice: toneVoice(30),
  });
  const every = (Number(goAwaySeconds) * 1000) / Number(clock);
  setInterval(() => server.goAway('50s'), every);
  process.on('disconnect', () => process.exit());
  process.send?.(server.url);
}

void main(process.argv.slice(2));
