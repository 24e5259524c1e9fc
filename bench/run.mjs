// The benchmark: tasks × cases × threads × competitors, each answer checked before it is timed, runs alternating.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { programs } from './runner/child.mjs';
import { matches, readCommandLine, usage } from './runner/options.mjs';

const bench = fileURLToPath(new URL('.', import.meta.url));
const commandLine = parse();
if (commandLine.help) {
  console.log(usage);
  process.exit(0);
}
if (commandLine.install) {
  execFileSync('npm', ['--prefix', bench, 'ci', '--no-audit', '--no-fund'], { stdio: 'inherit' });
  compile();
  process.exit(0);
}
if (!existsSync(`${bench}../dist/index.js`)) fail('the package is not built: npm run build');
const tasks = await loadTasks();
const selected = tasks
  .flatMap((task) => task.cases(commandLine.quick).map((one) => ({ task, one, wanted: wantedOf(task, one) })))
  .filter(({ wanted }) => wanted.length > 0);
if (selected.length === 0) fail(`nothing matches ${commandLine.words.join(' ')}; --list lists all`);
if (commandLine.list) {
  for (const { task, one, wanted } of selected)
    console.log(`${task.name}, ${one.name}: ${wanted.map(({ name }) => name).join('; ')}`);
  process.exit(0);
}
if (!existsSync(programs) && selected.some(({ wanted }) => wanted.some(({ program }) => program.endsWith('.cc'))))
  compile();

const { machine } = await import('./runner/machine.mjs');
const { runCase } = await import('./runner/case.mjs');
const { printCase } = await import('./runner/print.mjs');
const facts = machine();
console.log(
  `${facts.cpu}, ${facts.processors} ` +
    `processors, ${facts.memoryGiB} ` +
    `GiB, BLAS core ` +
    `${facts.blasCore} (as installed: ${facts.blasCoreFound}), ` +
    `${facts.instructionSet}, ` +
    `Node ${facts.node}, load ` +
    `${facts.loadAverage}`,
);
if (facts.loadAverage > 0.5)
  console.log(
    `The machine is busy (load ${facts.loadAverage}): wall times are not for the record; --clock processor is fairer for one thread.`,
  );
console.log('');
const rows = [];
const limits = [];
for (const { task, one, wanted } of selected) {
  for (const threads of task.threads ?? commandLine.threads) {
    const result = await runCase(task, one, wanted, threads, commandLine);
    rows.push(...result.rows);
    limits.push({ task: task.name, case: one.name, threads, ...result.limits });
    printCase(task, one, threads, result);
    save();
  }
}
if (rows.some(({ wrong }) => wrong !== undefined)) process.exitCode = 1;

function parse() {
  try {
    return readCommandLine(process.argv.slice(2), availableParallelism());
  } catch (error) {
    return fail(`${error.message}\n\n${usage}`);
  }
}

/** The competitors the words select; our reference rows come with them. */
function wantedOf(task, one) {
  const chosen = task.competitors.filter(({ name }) => matches(commandLine.words, `${task.name} ${one.name} ${name}`));
  const ours = task.competitors.filter(
    ({ name }) => name === task.reference && chosen.length > 0 && !chosen.some((other) => other.name === name),
  );
  return [...ours, ...chosen];
}

async function loadTasks() {
  const folders = readdirSync(bench, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && existsSync(`${bench}${entry.name}/task.mjs`),
  );
  const order = (name) => (/^w\d/.test(name) ? name : `z${name}`);
  const names = folders.map(({ name }) => name).sort((a, b) => order(a).localeCompare(order(b)));
  return Promise.all(names.map(async (name) => (await import(`./${name}/task.mjs`)).task));
}

function compile() {
  console.log('compiling the C++ programs …');
  execFileSync('cmake', ['-S', bench, '-B', programs], { stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('cmake', ['--build', programs], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function save() {
  if (commandLine.json === undefined) return;
  const command = [
    'npm run bench --',
    ...process.argv.slice(2).filter((word, i, all) => word !== '--json' && all[i - 1] !== '--json'),
  ].join(' ');
  writeFileSync(
    commandLine.json,
    `${JSON.stringify({ command, clock: commandLine.clock, machine: facts, limits, rows }, null, 1)}\n`,
  );
}

function fail(message) {
  console.error(message);
  return process.exit(2);
}
