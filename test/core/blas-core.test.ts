// OpenBLAS's core: the table for processors of many kinds, what runs here, and what is said when a core is too narrow.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { addon, type NativeProcessor } from '../../dist/core/addon.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A processor with the features up to a level. */
function processor(vendor: string, family: number, model: number, best: keyof typeof levels): NativeProcessor {
  const level = levels[best];
  return {
    vendor,
    family,
    model,
    hasSse42: level >= levels.sse42,
    hasAvx: level >= levels.avx,
    hasAvx2: level >= levels.avx2,
    hasAvx512: level >= levels.avx512,
    hasAvx512Bf16: level >= levels.bf16,
  };
}
const levels = { sse3: 0, sse42: 1, avx: 2, avx2: 3, avx512: 4, bf16: 5 } as const;

t.test('the core of a processor by vendor, family and features', async (t) => {
  const table: readonly (readonly [string, NativeProcessor, string])[] = [
    ['Core 2', processor('GenuineIntel', 6, 15, 'sse3'), ''],
    ['Nehalem', processor('GenuineIntel', 6, 26, 'sse42'), 'Nehalem'],
    ['Sandy Bridge', processor('GenuineIntel', 6, 42, 'avx'), 'Sandybridge'],
    ['Haswell', processor('GenuineIntel', 6, 60, 'avx2'), 'Haswell'],
    ['Skylake-SP', processor('GenuineIntel', 6, 85, 'avx512'), 'SkylakeX'],
    ['Ice Lake-SP', processor('GenuineIntel', 6, 106, 'avx512'), 'SkylakeX'],
    ['Sapphire Rapids', processor('GenuineIntel', 6, 143, 'bf16'), 'Cooperlake'],
    [
      'Emerald Rapids, which OpenBLAS 0.3.21 takes for a Prescott',
      processor('GenuineIntel', 6, 207, 'bf16'),
      'Cooperlake',
    ],
    ['Raptor Lake, likewise', processor('GenuineIntel', 6, 183, 'avx2'), 'Haswell'],
    ['Emerald Rapids in a machine without AVX-512', processor('GenuineIntel', 6, 207, 'avx2'), 'Haswell'],
    ['Bulldozer, whose four cores OpenBLAS tells apart', processor('AuthenticAMD', 21, 1, 'avx'), ''],
    ['Zen 2', processor('AuthenticAMD', 23, 49, 'avx2'), 'Haswell'],
    ['Zen 4: 512-bit operations pass twice', processor('AuthenticAMD', 25, 17, 'bf16'), 'Haswell'],
    ['Zen 5', processor('AuthenticAMD', 26, 2, 'bf16'), 'Cooperlake'],
    ['Hygon Dhyana', processor('HygonGenuine', 24, 0, 'avx2'), 'Haswell'],
    ['Zhaoxin', processor('CentaurHauls', 7, 59, 'avx2'), 'Haswell'],
    ['another architecture', processor('unknown', 0, 0, 'sse3'), ''],
  ];
  t.ok(table.length >= 10);
  for (const [what, described, core] of table) t.equal(addon().suitableBlasCores(described)[0] ?? '', core, what);
  t.same(addon().suitableBlasCores(processor('AuthenticAMD', 25, 17, 'bf16')), ['Haswell', 'Zen']);
});

/** What a program says that loads the package with these variables. */
function run(variables: NodeJS.ProcessEnv, program: string): Record<string, unknown> {
  const { OPENBLAS_CORETYPE: _, NODE_OPTIONS: __, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    encoding: 'utf8',
    env: { ...env, ...variables },
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const environmentOf = `
  const { addon } = await import('./dist/core/addon.js');
  const { spawnSync } = await import('node:child_process');
  const environment = addon().environment();
  const child = spawnSync(process.execPath, ['-p', 'process.env.OPENBLAS_CORETYPE'], { encoding: 'utf8' }).stdout.trim();
  console.log(JSON.stringify({ ...environment, child }));`;

t.test('where the user has not chosen, a core of the table runs, and no child process is told', async (t) => {
  const found = run({}, environmentOf);
  t.match(found, { blasCoreStatus: 'suitable', isBlasCoreUsers: false, child: 'undefined' });
});

t.test('a worker that loads the addon first gets the same core', async (t) => {
  const program = `
    const { Worker } = await import('node:worker_threads');
    const code = "import { parentPort } from 'node:worker_threads'; import { addon } from './dist/core/addon.js';" +
      'parentPort.postMessage(addon().environment().blasCore)';
    const inWorker = await new Promise((resolve) => new Worker(code, { eval: true }).once('message', resolve));
    const { addon } = await import('./dist/core/addon.js');
    console.log(JSON.stringify({ inWorker, here: addon().environment().blasCore }));`;
  const { inWorker, here } = run({}, program);
  t.type(inWorker, 'string');
  t.equal(inWorker, here);
  t.equal(here, run({}, environmentOf).blasCore);
});

const isX64 = process.arch === 'x64' && addon().environment().bestInstructionSet !== 'baseline';

t.test(
  'a core below the processor is said in results and by doctor',
  { skip: !isX64 && 'x86-64 with AVX2' },
  async (t) => {
    const program = `
    const { simulate, train } = await import('mft-native');
    const spec = { system: 'feedforward', width: 8, depth: 2 };
    const simulation = await simulate(spec, { trials: 2 });
    const training = await train(spec, 'synthetic', { steps: 1, learningRate: 0.1 });
    const { provenance, warnings } = simulation;
    console.log(JSON.stringify({ training: training.warnings.map(({ id }) => id), core: provenance.blasCore, warnings }));`;
    const narrow = run({ OPENBLAS_CORETYPE: 'Prescott' }, program);
    t.match(narrow, {
      core: 'Prescott',
      warnings: [{ id: 'blas-core-below', message: /Prescott.*Unset OPENBLAS_CORETYPE/ }],
    });
    t.ok((narrow.training as string[]).includes('blas-core-below'));
    const own = run({}, program);
    t.same([own.warnings, (own.training as string[]).includes('blas-core-below')], [[], false]);
    const { stdout } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), 'doctor'], {
      encoding: 'utf8',
      env: { ...process.env, OPENBLAS_CORETYPE: 'Prescott' },
    });
    t.match(stdout, /BLAS core.*Prescott \(OPENBLAS_CORETYPE\)\. WARNING: /);
  },
);
