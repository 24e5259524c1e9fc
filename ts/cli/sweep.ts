// mft sweep: run a plan, look at its journal, run what failed, write it out, join journals.
import { type Command, Option } from 'commander';
import { MftError } from '../core/errors.js';
import { exportJournal } from '../sweep/export.js';
import { mergeJournals } from '../sweep/merge.js';
import { journalPlan, journalStatus } from '../sweep/status.js';
import { exitCodes } from './exit.js';
import { printable } from '../core/text.js';
import { printJson, table } from './output.js';
import { type PlanFlags, planFlags, readPlan } from './sweep-plan.js';
import { registerBest, registerHalve } from './sweep-search.js';
import { dryRun, runSweep, type RunFlags } from './sweep-run.js';

export function register(program: Command): void {
  const sweep = program
    .command('sweep')
    .description('grids of jobs: a journal that resumes, on this machine, in shards, or on workers');
  runFlags(planFlags(sweep.command('run').description('run what is missing of a plan')))
    .requiredOption('--journal <file>', 'rows are appended here; run the same command again to resume')
    .option(
      '--dry-run',
      'say what would run and why, with an estimate of time, memory and disk; run nothing but a short probe',
    )
    .option('--retry-failed', 'run only the jobs that failed')
    .option('--shard <i/n>', 'run only the i-th of n shares (from 1), e.g. of a Slurm array')
    .action(async (file: string, flags: RunFlags & PlanFlags) => {
      const plan = readPlan(file, flags);
      if (flags.dryRun === true) await dryRun(plan, flags);
      else await runSweep(plan, flags);
    });
  registerHalve(sweep, runFlags);
  runFlags(sweep.command('retry').description('run the failed jobs of a journal again').argument('<journal>'))
    .option('--shard <i/n>', 'run only the i-th of n shares (from 1), e.g. of a Slurm array')
    .action(async (journal: string, flags: RunFlags) =>
      runSweep(await journalPlan(journal), { ...flags, journal, retryFailed: true }),
    );
  sweep
    .command('status')
    .description('what a journal holds')
    .argument('<journal>')
    .option('--json', 'print JSON')
    .action(printStatus);
  registerBest(sweep);
  sweep
    .command('export')
    .description('write the rows of a journal: one row per job and layer')
    .argument('<journal>')
    .option('--csv <file>', 'long-form CSV')
    .option('--parquet <file>', 'the same table as Parquet')
    .option('--json <file>', 'one JSON object per job, complete, in a list')
    .option('--report <file>', 'one HTML file with figures and tables that opens offline')
    .action(async (journal: string, files: { csv?: string; parquet?: string; json?: string; report?: string }) => {
      if (Object.keys(files).length === 0)
        throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected at least one of --csv, --parquet, --json, --report.', {
          parameter: 'export',
        });
      for (const file of await exportJournal(journal, files)) process.stderr.write(`mft: wrote ${file}\n`);
    });
  sweep
    .command('merge')
    .description('join journals, e.g. those of shards: each job once, side files too')
    .argument('<target>', 'journal to make')
    .argument('<journals...>')
    .action(async (target: string, journals: string[]) => {
      const { rows, failed, repeated, conflicts, damaged } = await mergeJournals(target, journals);
      process.stderr.write(
        `mft: ${rows} rows (${failed} failed), ${repeated} repeated, ${damaged} damaged lines left out\n`,
      );
      if (conflicts.length > 0)
        process.stderr.write(
          `mft: warning: ${conflicts.length} jobs have two different results (other ` +
            `CPU or BLAS); the first was kept: ${conflicts.slice(0, 3).join(', ')}\n`,
        );
    });
}

function runFlags(command: Command): Command {
  return command
    .option('--processes <n>', 'child processes; default: one per processor')
    .addOption(new Option('--on-error <what>', 'after a failed job').choices(['continue', 'stop']).default('continue'))
    .addOption(new Option('--executor <name>', 'where jobs run').choices(['local', 'bullmq']).default('local'))
    .option(
      '--redis <url>',
      'bullmq: the server; credentials only from MFT_REDIS_USERNAME, MFT_REDIS_PASSWORD or MFT_REDIS_URL',
    )
    .option('--insecure', 'bullmq: allow a server that is neither loopback nor TLS')
    .option('--max-seconds <s>', 'end a job after this time')
    .option('--max-memory <bytes>', 'end a job whose process uses more')
    .option('--json', 'print the summary as JSON');
}

async function printStatus(journal: string, flags: { json?: boolean }): Promise<void> {
  const status = await journalStatus(journal);
  if (flags.json === true) return printJson(status);
  const rows = [
    ['done', String(status.done)],
    ['failed', String(status.failed)],
    ...(status.superseded > 0 ? [['of older versions', `${status.superseded}, left out of exports`]] : []),
    ['missing', status.missing === undefined ? `unknown (${status.planProblem ?? ''})` : String(status.missing)],
    ['damaged lines', status.damaged.map(({ line }) => line).join(', ') || '0'],
    ['plan', status.planHash ?? 'unknown'],
  ];
  process.stdout.write(`${table(['journal', journal], rows)}\n`);
  for (const { code, message, count } of status.failures)
    process.stdout.write(printable(`failed ${count} x ${code}: ${message}\n`));
  if (status.failed > 0) process.exitCode = exitCodes.failedJobs;
}
