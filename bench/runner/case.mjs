// One case on one number of threads: check every competitor's answer, then time the right ones in turn.
import { start } from './child.mjs';
import { loadAverage } from './machine.mjs';
import { median, spread } from './statistics.mjs';

/** A first run longer than this is the measurement. */
const longRun = 20;
/** Seconds of timed runs for each competitor. */
const budget = 20;

const expectations = new Map();

/** What our own reference says, computed once for each set of options. */
function expectedOf(task, options) {
  const key = `${task.name} ${JSON.stringify(options)}`;
  if (!expectations.has(key)) expectations.set(key, task.expected(options));
  return expectations.get(key);
}

/** Rows and limits of a case. */
export async function runCase(task, one, competitors, threads, { repeats, clock }) {
  const timeOf = clock === 'processor' ? ({ processorSeconds }) => processorSeconds : ({ seconds }) => seconds;
  const entries = [];
  const limiter = task.needsLimits === false ? {} : await start('blas-limit', 'limits.cc', {}, threads);
  const limits = limiter.run === undefined ? [] : [(await limiter.run(0)).answer.observables];
  for (const competitor of competitors) {
    if (competitor.isFor?.(one.options, threads) === false) continue;
    entries.push(await admit(task, one, competitor, threads));
  }
  const rounds = (entry) => repeats ?? Math.min(15, Math.max(3, Math.ceil(budget / entry.first)));
  const timed = entries.filter(({ child }) => child !== undefined);
  const total = Math.max(0, ...timed.map(rounds));
  for (let round = 0; round < total; round++) {
    if (limiter.run !== undefined) limits.push((await limiter.run(0)).answer.observables);
    for (const entry of timed) {
      if (round < rounds(entry)) entry.results.push(await entry.child.run(round + 2));
    }
  }
  for (const { child } of timed) await child.stop();
  await limiter.stop?.();
  const middle = Object.fromEntries(
    Object.keys(limits[0] ?? {}).map((name) => [name, median(limits.map((values) => values[name][0]))]),
  );
  const rows = entries.map((entry) => rowOf(task, one, entry, threads, limits.length > 0 ? middle : undefined, timeOf));
  addRatios(task, rows);
  return { rows, limits: middle };
}

/** Starts a competitor, checks its answers, and leaves it running when it is to be timed. */
async function admit(task, one, competitor, threads) {
  const own = { ...one.options, ...competitor.options?.(one.options) };
  const entry = { competitor, own, results: [] };
  if (task.check !== undefined && !competitor.answersNothing) {
    const options = { ...own, ...task.check(one.options) };
    const child = await start(task.name, competitor.program, options, threads);
    if (child.absent !== undefined) return { ...entry, absent: child.absent };
    const reply = await child.run(1);
    await child.stop();
    const verdict = await judge(task, options, reply);
    if (!verdict.isRight) return { ...entry, wrong: verdict.detail };
  }
  const child = await start(task.name, competitor.program, own, threads);
  if (child.absent !== undefined) return { ...entry, absent: child.absent };
  const reply = await child.run(1);
  const verdict = await judge(task, own, reply, competitor);
  if (!verdict.isRight) {
    await child.stop();
    return { ...entry, wrong: verdict.detail };
  }
  const checked = { ...entry, first: reply.seconds, detail: verdict.detail };
  if (reply.seconds < longRun) return { ...checked, child };
  await child.stop();
  return { ...checked, results: [reply] };
}

async function judge(task, options, reply, competitor = {}) {
  if (reply.answer === undefined) return { isRight: false, detail: `it failed: ${reply.failed}` };
  if (competitor.answersNothing) return { isRight: true, detail: 'no answer of its own: part of the task' };
  return task.isRight(await expectedOf(task, caseOptions(options)), reply.answer, options);
}

/** The options that decide the answer. */
function caseOptions({ engine, precision, networks, generator, layout, weights, work, processes, ...rest }) {
  return rest;
}

function rowOf(task, one, { competitor, own, results, absent, wrong, detail }, threads, limits, timeOf) {
  const row = {
    task: task.name,
    case: one.name,
    competitor: competitor.name,
    precision: competitor.precision,
    threads,
    isOurs: competitor.isOurs === true,
  };
  if (competitor.kind === 'conditioned')
    row.algorithm = 'exact conditioning: another algorithm with the same law, not a faster product';
  if (absent !== undefined) return { ...row, absent };
  const failed = results.find(({ seconds }) => seconds === undefined);
  if (wrong !== undefined || failed !== undefined || results.length === 0)
    return { ...row, wrong: wrong ?? failed?.failed ?? 'no run' };
  const per = (task.scale?.(own) ?? 1) / (task.perNetwork ? results[0].answer.networks : 1);
  const seconds = median(results.map(timeOf)) * per;
  const limit = limits === undefined ? undefined : task.limit?.({ ...one.options, ...own }, competitor, limits);
  return {
    ...row,
    seconds,
    spread: spread(results.map(timeOf)),
    processorSeconds: median(results.map((result) => result.processorSeconds)) * per,
    repeats: results.length,
    ...(limit === undefined
      ? {}
      : { fractionOfLimit: limit.seconds / seconds, limit: limit.limit, limitSeconds: limit.seconds }),
    ...results.at(-1).answer.extra,
    loadAverage: loadAverage(),
    check: detail,
  };
}

/** ratioToOurs: seconds over those of our reference row; ratios: over each of our rows. */
function addRatios(task, rows) {
  const ours = rows.filter(({ isOurs, seconds }) => isOurs && seconds !== undefined);
  for (const row of rows) {
    if (row.seconds === undefined) continue;
    row.ratios = Object.fromEntries(ours.map(({ competitor, seconds }) => [competitor, row.seconds / seconds]));
    row.ratioToOurs = row.ratios[task.reference];
  }
}
