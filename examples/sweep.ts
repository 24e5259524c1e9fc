// A sweep that can be stopped and run again: the depth scale of correlations across the phase transition.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJournal, localExecutor, sweep } from 'mft-native';

const folder = mkdtempSync(join(tmpdir(), 'mft-sweep-'));
const journal = join(folder, 'rows.jsonl');
const plan = {
  verb: 'compare',
  base: { system: 'feedforward', activation: 'tanh', biasVariance: 0.05, width: 200, depth: 15 },
  run: { trials: 10, seed: 5 },
  axes: { weightVariance: { linear: [1, 3, 5] } },
} as const;

for await (const row of sweep(plan, { journal, executor: localExecutor({ processes: 2 }) })) {
  console.log(
    'weightVariance',
    row.spec.weightVariance,
    row.status === 'done' ? row.result.verdict : row.error.message,
  );
}

// Run again, with one more point: only that one is computed.
const wider = { ...plan, axes: { weightVariance: [1, 1.5, 2, 2.5, 3, 4] } };
let rows = 0;
for await (const _row of sweep(wider, { journal, executor: localExecutor({ processes: 2 }) })) rows++;
console.log('rows', rows);
await exportJournal(journal, { csv: join(folder, 'rows.csv') });
