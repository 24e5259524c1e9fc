// Examples for the contract test.
import type { ContractCase } from '../../contract/case.js';

export const contract: ContractCase = {
  small: { weightVariance: 1.2, width: 6, depth: 4 },
  run: { trials: 300, seed: 3 },
  other: { weightVariance: 0.7, depth: 7 },
  grows: [{ spec: { width: 6000 } }, { spec: { depth: 4000 } }, { run: { trials: 300_000, rawTrials: true } }],
  heavy: { spec: { width: 10_000, depth: 200 }, run: { trials: 2000, threads: 1 } },
  busy: { figure: 'profile' },
  agreement: [{ spec: { weightVariance: 1.1, width: 100, depth: 5 }, run: { trials: 20_000, seed: 11 } }],
  twoWidths: {
    spec: { weightVariance: 1.1, depth: 4 },
    run: { trials: 5000, seed: 5 },
    widths: [50, 100],
    isExact: true,
  },
  memory: [{ spec: { width: 10, depth: 100 }, run: { trials: 100_000, threads: 1 } }],
};
