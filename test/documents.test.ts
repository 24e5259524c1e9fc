// The documents keep what the registry says: sources cite displays that exist, names have rows, versions have changelog lines.
import t from 'tap';
import { loadSystem, systemNames } from '../dist/systems/registry.js';
import { brokenSources, cited, displays, missingSymbols, missingVersions } from './documents.js';

t.test('the pages number their displays', async (t) => {
  for (const name of systemNames) {
    t.ok(displays(name).size >= 5, `${name}: ${displays(name).size} displays`);
  }
});

t.test('a display that is not there is found', async (t) => {
  const system = {
    ...(await loadSystem('feedforward')),
    quantities: { made: { source: 'derived; docs 3.4, 9.9' } },
    observables: {},
  };
  t.same(brokenSources(system), ['made cites (9.9), which is not there']);
  t.same(brokenSources({ ...system, quantities: { made: { source: 'derived' } } }).length, 1);
  t.same(cited('Poole 2016; docs 3.1, 3.12'), ['3.1', '3.12']);
});

t.test('a raised version has a line of CHANGELOG.md', async (t) => {
  for (const name of systemNames) t.same(missingVersions(await loadSystem(name)), [], name);
  const system = { ...(await loadSystem('feedforward')), version: 1000 };
  t.ok(missingVersions(system).includes(1000), 'a version without a line is found');
});

t.test('a name without a row in docs/symbols.md is found', async (t) => {
  const system = await loadSystem('residual');
  t.same(missingSymbols({ ...system, observables: { ...system.observables, madeUp: { source: '' } } }), ['madeUp']);
});
