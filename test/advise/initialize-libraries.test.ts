// The snippets of initialize as PyTorch and TensorFlow.js ran them, those of Keras and Flax as their documentation says that they run
// (test/fixtures/initialization.mjs): variances kept within a
// factor 2, gradients within e² of the prediction, and a refusal by name of what they cannot initialize.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { type ActivationSpec, initialize } from 'mft-native';
import { fingerprint } from '../fixtures/initialization-cases.mjs';

interface Entry {
  readonly library: 'pytorch' | 'tfjs' | 'keras' | 'flax';
  readonly spec: { readonly activation: ActivationSpec; readonly keepProbability: number; readonly depth: number };
  readonly width: number;
  readonly networks: number;
  readonly code: string;
  readonly logVarianceRatio: { readonly mean: number; readonly standardError: number };
  readonly logGradientRatio?: number;
  readonly refusals: Readonly<Record<string, string>>;
}
const entries = JSON.parse(
  readFileSync(new URL('../fixtures/initialization.json', import.meta.url), 'utf8'),
) as readonly Entry[];

const reasons: Readonly<Record<string, RegExp>> = {
  convolution: /Conv2[dD]/,
  normalization: /LayerNorm/,
  weightNorm: /weight_norm/,
  spectralNorm: /spectral_norm/,
  parametrization: /parametrization/,
  halfPrecision: /half precision/,
  lazy: /lazy/,
  notBuilt: /not built/,
  nothing: /no (Linear|[dD]ense) layer/,
};

t.equal(entries.filter(({ library }) => library === 'pytorch').length, 12);
for (const library of ['tfjs', 'keras', 'flax'] as const)
  t.equal(entries.filter((entry) => entry.library === library).length, 2);
for (const { library, spec, width, networks, code, logVarianceRatio, logGradientRatio, refusals } of entries)
  t.test(`${library}: ${JSON.stringify(spec)}, width ${width}`, async (t) => {
    const found = await initialize({ ...spec, width });
    t.equal(fingerprint(found.code[library]), code, 'the snippet that was run: node test/fixtures/initialization.mjs');
    t.ok(networks >= 20 && width >= (spec.keepProbability <= 0.5 ? 40 : 16) * spec.depth);
    t.ok(
      Math.abs(logVarianceRatio.mean - found.check.logVarianceRatio) < Math.log(2),
      `variance ${logVarianceRatio.mean}`,
    );
    t.ok(logVarianceRatio.standardError < 0.2);
    if (logGradientRatio !== undefined)
      t.ok(Math.abs(logGradientRatio - found.check.logGradientRatio) < 2, `gradients ${logGradientRatio}`);
    for (const [of, said] of Object.entries(refusals))
      t.match(said, of === 'noBias' ? (found.biasVariance > 0 ? /has no bias/ : /not refused/) : reasons[of], of);
  });
