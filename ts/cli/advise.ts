// mft advise: what theory says about training a network, and what would help.
import type { Command } from 'commander';
import { advise } from '../advise/advise.js';
import { isUndefined } from '../core/results.js';
import { separated } from '../core/text.js';
import { interruptSignal } from './exit.js';
import { specCommand } from './flags.js';
import { printJson } from './output.js';

export function register(program: Command): void {
  specCommand(
    program,
    'advise',
    'what theory says about training this network, and what would help',
    false,
    () => undefined,
    async ({ spec, options }) => {
      const advice = await advise(spec as never, { signal: interruptSignal() });
      if (options.json === true) {
        printJson(advice);
        return;
      }
      for (const { system, findings } of advice.sections) {
        process.stdout.write(`${system}\n`);
        if (isUndefined(findings)) {
          process.stdout.write(`  no advice: ${findings.reason}\n`);
          continue;
        }
        for (const finding of findings) {
          process.stdout.write(`  [${finding.severity}] ${finding.claim}\n`);
          const numbers = finding.evidence.map(
            ({ quantity, value, low, high }) =>
              `${quantity} = ${brief(value)}${low === undefined || high === undefined ? '' : ` (${brief(low)} to ${brief(high)})`}`,
          );
          if (numbers.length > 0) process.stdout.write(`      ${numbers.join(', ')}\n`);
          if (finding.change === undefined) continue;
          process.stdout.write(`      change: ${flags(finding.change)}\n`);
          if (finding.after !== undefined) process.stdout.write(`      then:   ${reached(finding.after)}\n`);
        }
      }
    },
  );
}

/** Four digits are more than advice is worth. */
function brief(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}

/** "trainableDepth = 20 (14 to 28), depth = 14": a quantity with the ends of its interval. */
function reached(after: readonly { readonly quantity: string; readonly value: number }[]): string {
  const values = new Map(after.map(({ quantity, value }) => [quantity, value]));
  const isEnd = (quantity: string): boolean =>
    /(Low|High)$/.test(quantity) && values.has(quantity.replace(/(Low|High)$/, ''));
  return after
    .filter(({ quantity }) => !isEnd(quantity))
    .map(({ quantity, value }) => {
      const [low, high] = [values.get(`${quantity}Low`), values.get(`${quantity}High`)];
      return `${quantity} = ${brief(value)}${low === undefined || high === undefined ? '' : ` (${brief(low)} to ${brief(high)})`}`;
    })
    .join(', ');
}

/** A change as the flags that make it. */
function flags(change: Readonly<Record<string, unknown>>): string {
  return Object.entries(change)
    .map(
      ([field, value]) =>
        `--${separated(field, '-')} ` +
        `${typeof value === 'number' ? Number(value.toPrecision(6)) : typeof value === 'string' ? value : `'${JSON.stringify(value)}'`}`,
    )
    .join(' ');
}
