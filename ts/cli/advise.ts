// mft advise: what theory says about training a network, and what would help.
import type { Command } from 'commander';
import { advise } from '../advise/advise.js';
import { isUndefined } from '../core/results.js';
import { interruptSignal } from './exit.js';
import { specCommand } from './flags.js';
import { printJson, shown } from './output.js';

export function register(program: Command): void {
  specCommand(program, 'advise', 'what theory says about training this network, and what would help', false, () => undefined, async ({ spec, options }) => {
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
        for (const { quantity, value, low, high } of finding.evidence) {
          process.stdout.write(`      ${quantity} = ${shown(value)}${low === undefined || high === undefined ? '' : ` (${shown(low)} to ${shown(high)})`}\n`);
        }
        if (finding.change !== undefined) process.stdout.write(`      change: ${JSON.stringify(finding.change)}\n`);
        for (const { quantity, value } of finding.after ?? []) process.stdout.write(`      after:  ${quantity} = ${shown(value)}\n`);
      }
    }
  });
}
