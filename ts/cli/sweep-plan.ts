// The plan of a command line: read from a file, with what `--set` and `--axis` change of it.
import type { Command } from 'commander';
import { expectedError } from '../core/errors.js';
import { withField } from '../sweep/axes.js';
import type { SweepPlan } from '../sweep/plan.js';
import { axisSyntax, parseAxis } from './axis-text.js';
import { readJson } from './flags.js';

export interface PlanFlags {
  readonly set?: readonly string[];
  readonly axis?: readonly string[];
}

/** `<plan>`, `--set` and `--axis`. */
export function planFlags(command: Command): Command {
  const every = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
  return command
    .argument('<plan>', 'JSON file, - for standard input')
    .option(
      '--set <name=value>',
      'change the plan: --set base.width=500 --set run.trials=5 --set title="a trial" (several allowed); ' +
        'values are JSON, other text is a word',
      every,
    )
    .option('--axis <field=values>', `add an axis, or replace the plan's: ${axisSyntax} (several allowed)`, every);
}

/** The plan of the file as the flags change it. @throws MftError as `readJson`, and ERR_MFT_INVALID_ARGUMENT */
export function readPlan(file: string, flags: PlanFlags): SweepPlan {
  let plan = readJson(file, 'plan') as Record<string, unknown>;
  for (const text of flags.set ?? []) {
    const at = text.indexOf('=');
    if (at < 1) throw expectedError('ERR_MFT_INVALID_ARGUMENT', '--set', 'name=value with a field of the plan', text);
    plan = withField(plan, text.slice(0, at).split('.'), jsonOrWord(text.slice(at + 1)));
  }
  for (const text of flags.axis ?? []) {
    const { field, values } = parseAxis(text, jsonOrWord);
    // One step: the name of an axis may hold dots itself.
    plan = withField(plan, ['axes', field], values);
  }
  return plan as unknown as SweepPlan;
}

function jsonOrWord(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
