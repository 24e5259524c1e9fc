// Is advise right about networks that are then trained? Twelve networks and the intervals advise gives them were committed
// before any of them was trained (test/fixtures/advice-settings.json). The measurement needs MNIST in MFT_DATA and a minute on two
// idle cores: it is an experiment, run by MFT_EXPERIMENTS=1 npm run verify.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { advise, isUndefined } from 'mft-native';
import {
  boundaries,
  type LengthColumn,
  type LengthProtocol,
  trainCells,
} from '../../dist/systems/feedforward/experiments/trainable-length.js';

interface Setting {
  readonly network: LengthColumn;
  readonly trainableDepth: number;
  readonly low: number;
  readonly high: number;
}

const { dataset, threshold, protocol, settings } = JSON.parse(
  readFileSync(new URL('../fixtures/advice-settings.json', import.meta.url), 'utf8'),
) as {
  readonly dataset: string;
  readonly threshold: number;
  readonly protocol: LengthProtocol;
  readonly settings: readonly Setting[];
};

t.test('advise gives the intervals that were committed', async (t) => {
  t.equal(settings.length, 12);
  for (const { network, trainableDepth, low, high } of settings) {
    const { sections } = await advise({ system: 'feedforward', ...network, width: protocol.width });
    const findings = sections[0]?.findings;
    const [evidence] =
      findings === undefined || isUndefined(findings)
        ? []
        : (findings.find(({ id }) => id === 'trainableDepth')?.evidence ?? []);
    for (const [given, committed] of [
      [evidence?.value, trainableDepth],
      [evidence?.low, low],
      [evidence?.high, high],
    ] as const)
      t.ok(Math.abs((given as number) / committed - 1) < 1e-4, `${JSON.stringify(network)}: ${given}`);
  }
});

t.test(
  'measured trainable depths against the intervals',
  {
    skip:
      process.env.MFT_DATA === undefined || process.env.MFT_EXPERIMENTS === undefined
        ? 'an experiment: set MFT_DATA and MFT_EXPERIMENTS=1'
        : false,
    timeout: 3_600_000,
  },
  async (t) => {
    const cells = await trainCells(
      dataset,
      settings.map(({ network }) => network),
      protocol,
    );
    const measured = boundaries(cells, threshold);
    const lines = settings.map(({ network, trainableDepth, low, high }, i) => {
      const boundary = measured[i];
      // A boundary beyond the deepest network tried is inside only when the interval reaches that far, and likewise below.
      const depth =
        boundary === undefined
          ? Number.NaN
          : 'depth' in boundary
            ? boundary.depth
            : boundary.censored === 'above'
              ? Infinity
              : 0;
      const isInside = depth >= low && depth <= high;
      return {
        isInside,
        text:
          `${isInside ? 'inside ' : 'outside'} ` +
          `measured ${depth.toFixed(1)}, stated ` +
          `${trainableDepth.toFixed(1)} ` +
          `(${low.toFixed(1)} ` +
          `to ${high.toFixed(1)}): ` +
          `${JSON.stringify(network)}`,
      };
    });
    const score = lines.filter(({ isInside }) => isInside).length;
    for (const { text } of lines) t.comment(text);
    t.comment(`score: ${score} of ${settings.length} measured depths inside the stated 80 % interval`);
    t.equal(measured.length, 12, 'every setting is scored');
    t.ok(score >= 6, `${score} of 12: five or fewer would happen to an interval of 80 % in one case of 250`);
    for (const [i, boundary] of measured.entries())
      t.ok(
        'depth' in boundary
          ? boundary.low < boundary.depth && boundary.depth < boundary.high
          : ['above', 'below'].includes(boundary.censored),
        `setting ${i}: a boundary, or the side it lies on`,
      );
  },
);
