import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fit, PROFILES, UNKNOWN_PROFILE, type Backend, type LiveClientSetup } from '../../src/protocol';
import { deepFreeze, leaves, messageOf, valueAt } from './schema-values';

describe('protocol: fit, for any setup', () => {
  const profile = fc.constantFrom(...PROFILES, UNKNOWN_PROFILE);
  const backend = fc.constantFrom<Backend>('gemini', 'vertex');
  const apiVersion = fc.constantFrom('v1beta', 'v1alpha');
  const anySetup = messageOf('client', 'LiveClientSetup', 3) as fc.Arbitrary<LiveClientSetup>;
  const runs = { numRuns: 300, seed: 20_260_901 };

  it('leaves the given objects alone, and is done after once', () => {
    fc.assert(
      fc.property(profile, backend, apiVersion, anySetup, (row, service, version, message) => {
        const options = { backend: service, apiVersion: version };
        // Frozen: any write to it would throw.
        const once = fit(row, deepFreeze(message), options);
        const twice = fit(row, deepFreeze(once.setup), options);
        assert.deepEqual(twice.setup, once.setup);
        for (const { path, message: text } of once.warnings) assert.ok(path !== '' && text.length > 20);
      }),
      runs,
    );
  });

  it('sends every field of the raw setup', () => {
    fc.assert(
      fc.property(profile, backend, anySetup, anySetup, (row, service, message, raw) => {
        const { setup: out } = fit(row, deepFreeze(message), { backend: service, keep: deepFreeze(raw) });
        for (const [path, value] of leaves(raw)) {
          const empty = value !== null && typeof value === 'object' && !Array.isArray(value);
          // An empty object asks for nothing but to be there: what stands below it may be there too.
          if (empty) assert.equal(typeof valueAt(out, path), 'object', path.join('.'));
          else assert.deepEqual(valueAt(out, path), value, path.join('.'));
        }
      }),
      runs,
    );
  });

  it('lets everything through to a model that nobody knows, but fields of the other service', () => {
    fc.assert(
      fc.property(backend, anySetup, (service, message) => {
        const resumption = { ...message.sessionResumption, handle: 'h' };
        const sent = { ...message, sessionResumption: resumption };
        const { setup: out, warnings } = fit(UNKNOWN_PROFILE, deepFreeze(sent), { backend: service });
        const foreign = warnings.filter(({ message: text }) => /only .* has it/.test(text));
        if (
          foreign.length === 0 &&
          warnings.every(({ path }) => path.includes('responseModalities') === false)
        ) {
          assert.deepEqual(withoutEmpty(out), withoutEmpty(sent));
        }
      }),
      runs,
    );
  });
});

/** Wrappers that mean nothing when they are empty may go. */
function withoutEmpty(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(withoutEmpty);
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, item]): [string, unknown] => [name, withoutEmpty(item)])
      .filter(([, item]) => item !== undefined && JSON.stringify(item) !== '{}'),
  );
}
