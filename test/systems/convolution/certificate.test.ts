// Certificates: intervals that hold the value to 60 digits, and are no wider than rounding makes them.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { evaluate, predict } from 'mft-native';
import { roundedUp } from '../../../dist/numeric/rounded-up.js';

interface Case {
  readonly architecture: object;
  readonly samples: number;
  readonly failureProbability: number;
  readonly eta: number;
  readonly blocks: readonly (readonly string[] | null)[];
  readonly logNetSize: string;
  readonly gap: string;
}
interface Interval {
  readonly low: number;
  readonly high: number;
}
interface Certificate {
  readonly statement: string;
  readonly gap: Interval;
  readonly eta: number;
  readonly logNetSize: Interval;
  readonly blocks: readonly (Readonly<Record<string, Interval>> & { readonly reason?: string })[];
}
const file = new URL('../../fixtures/certified-gaps.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Case[] };

/** 2^1074 · 10^400 times a number, without rounding. */
function exact(text: string): bigint {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', part = ''] = mantissa.split('.');
  const digits = BigInt(whole + part) * 2n ** 1074n;
  const power = 400 + Number(exponent) - part.length;
  return power >= 0 ? digits * 10n ** BigInt(power) : digits / 10n ** BigInt(-power);
}
const view = new DataView(new ArrayBuffer(8));
function exactDouble(value: number): bigint {
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const exponent = bits >> 52n;
  const mantissa = (bits & 0xfffffffffffffn) | (exponent === 0n ? 0n : 1n << 52n);
  const size = (mantissa << (exponent === 0n ? 0n : exponent - 1n)) * 10n ** 400n;
  return value < 0 ? -size : size;
}
const holds = ({ low, high }: Interval, text: string): boolean =>
  exactDouble(low) <= exact(text) && exact(text) <= exactDouble(high);

t.test('every interval holds its value to 60 digits', async (t) => {
  t.equal(
    exactDouble(0.1),
    exact('0.1000000000000000055511151231257827021181583404541015625'),
    'the ruler: 0.1 is a double',
  );
  const names = ['logNorm', 'logLipschitz', 'logRadius', 'logNetSize'];
  let [intervals, outside, widest] = [0, 0, 0];
  const ask = (interval: Interval, text: string, scale: number): void => {
    intervals++;
    if (!holds(interval, text)) outside++;
    widest = Math.max(widest, (interval.high - interval.low) / scale);
  };
  for (const { blocks, logNetSize, gap, ...parameters } of cases) {
    const found = (await evaluate('convolution', 'certificate', parameters)) as unknown as Certificate;
    ask(found.gap, gap, found.gap.high);
    ask(found.logNetSize, logNetSize, Math.max(1, found.logNetSize.high));
    for (const [i, block] of blocks.entries()) {
      if (block === null) t.match(found.blocks[i]?.reason, /adds nothing/);
      else
        for (const [j, text] of block.entries()) {
          const interval = found.blocks[i]?.[names[j] as string] as Interval;
          ask(interval, text, Math.max(100, Math.abs(interval.high)));
        }
    }
    t.equal(await evaluate('convolution', 'certifiedAtEta', parameters), found.gap.high, 'the bound is the upper end');
  }
  t.ok(intervals > 1400, `${intervals} intervals`);
  t.equal(outside, 0, 'none misses its value');
  t.ok(widest < 1e-12, `the widest: ${widest.toExponential(1)} of its value`);
});

t.test('the statement never rounds the gap down', async (t) => {
  for (const value of [0.1, 0.6750123, 9.999999999, 0.99999996, 123456.5, 1e-7 / 3])
    t.ok(Number(roundedUp(value, 6)) >= value && Number(roundedUp(value, 6)) < value * (1 + 2e-5), `${value}`);
  const spec = { system: 'convolution', width: [6, 16], kernel: 5, pool: 2 } as const;
  const { quantities } = await predict(spec);
  const { statement, gap, eta } = quantities.certificate as unknown as Certificate;
  t.equal(quantities.gapCertified, gap.high);
  t.ok(statement.includes(roundedUp(gap.high, 6)) && eta > 0, statement);
});
