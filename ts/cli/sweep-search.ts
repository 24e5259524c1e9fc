// mft sweep best and mft sweep halve: which points of a sweep are best, and a search that spends most on them.
import { type Command, Option } from 'commander';
import { bestPoints } from '../sweep/best.js';
import { type HalvingRound, successiveHalving } from '../sweep/halving.js';
import { positive, type RunFlags, sweepControl } from './sweep-run.js';
import { type PlanFlags, planFlags, readPlan } from './sweep-plan.js';
import { interruptionCode } from './exit.js';
import { printJson, shown, table } from './output.js';

interface Ranking {
  readonly by: string;
  readonly order: 'highest' | 'lowest';
}

const ranking = (command: Command): Command =>
  command
    .requiredOption('--by <column>', 'column of the exported table, such as test_accuracy')
    .addOption(new Option('--order <end>', 'which end is best').choices(['highest', 'lowest']).default('highest'));

export function registerBest(sweep: Command): void {
  ranking(sweep.command('best').description('the best points of a journal: means over seeds').argument('<journal>'))
    .option('--count <n>', 'how many', '10')
    .option('--json', 'print JSON')
    .action(async (journal: string, flags: Ranking & { readonly count: string; readonly json?: boolean }) => {
      const { by, order } = flags;
      const best = await bestPoints(journal, { by, order, count: positive('count', flags.count) ?? 10 });
      if (flags.json === true) return printJson(best);
      const names = [...new Set(best.points.flatMap(({ fields }) => Object.keys(fields)))];
      const rows = best.points.map(({ mean, standardError, jobs, fields }) => [
        `${shown(mean)}${standardError === undefined ? '' : ` ± ${shown(standardError)}`}`,
        String(jobs),
        ...names.map((name) => cellText(fields[name])),
      ]);
      process.stdout.write(`${table([best.by, 'jobs', ...names], rows)}\n`);
      if (best.leftOut > 0) process.stderr.write(`mft: ${best.leftOut} jobs have no number there\n`);
    });
}

export function registerHalve(sweep: Command, runFlags: (command: Command) => Command): void {
  runFlags(
    ranking(
      planFlags(
        sweep.command('halve').description('successive halving: the best points of a plan get more of a budget'),
      ),
    ),
  )
    .requiredOption('--journal <file>', 'rows are appended here; run the same command again to resume')
    .option('--field <name>', 'the budget, which grows', 'run.steps')
    .option('--factor <n>', 'growth of the budget from round to round; the points shrink by it', '3')
    .option('--rounds <n>', 'rounds at most')
    .action(async (file: string, flags: RunFlags & PlanFlags & Ranking & Readonly<Record<string, string>>) => {
      const plan = readPlan(file, flags);
      const rounds = positive('rounds', flags.rounds);
      const { control, wasInterrupted, end } = await sweepControl(flags);
      try {
        const done = await successiveHalving(plan, {
          ...control,
          journal: flags.journal,
          by: flags.by,
          order: flags.order,
          field: String(flags.field),
          factor: positive('factor', flags.factor) ?? 3,
          ...(rounds === undefined ? {} : { rounds }),
          onRound: (round) => process.stderr.write(`${roundText(round, flags)}\n`),
        });
        if (flags.json === true) printJson(done);
        else printBest(done.at(-1), flags.by);
        if (wasInterrupted()) process.exitCode = interruptionCode();
      } finally {
        end();
      }
    });
}

function roundText({ budget, points, kept }: HalvingRound, { by }: Ranking): string {
  const best = points[0]?.mean;
  return `mft: budget ${budget}: ${points.length} points, best ${by} ${best === undefined ? 'none' : shown(best)}, ${kept} kept`;
}

function printBest(round: HalvingRound | undefined, by: string): void {
  const points = round?.points ?? [];
  const names = [...new Set(points.flatMap(({ point }) => Object.keys(point)))];
  const rows = points.map(({ mean, point }) => [
    mean === undefined ? 'none' : shown(mean),
    ...names.map((name) => cellText(point[name])),
  ]);
  process.stdout.write(`${table([by, ...names], rows)}\n`);
}

const cellText = (cell: unknown): string =>
  typeof cell === 'number'
    ? shown(cell)
    : cell === undefined
      ? ''
      : typeof cell === 'string'
        ? cell
        : JSON.stringify(cell);
