// The public API as one file of declarations, dist/mft-native.d.ts: what a user's compiler reads (no internal file, no zod, no
// types of Node or of the optional peers). Part of the build.
// npm run api: the committed report of it (docs/api.md) must equal what the declarations say; npm run api -- --update writes it.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import extractor from '@microsoft/api-extractor';
import { describedTables } from './described.mjs';

const { Extractor, ExtractorConfig } = extractor;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const update = process.argv.includes('--update');
const check = process.argv.includes('--check');
const temporary = join(root, 'build', 'api');
mkdirSync(temporary, { recursive: true });

const config = ExtractorConfig.prepare({
  configObject: {
    projectFolder: root,
    mainEntryPointFilePath: join(root, 'dist', 'index.d.ts'),
    compiler: { tsconfigFilePath: join(root, 'tsconfig.json') },
    apiReport: {
      enabled: true,
      reportFileName: 'mft-native.api.md',
      reportFolder: temporary,
      reportTempFolder: join(temporary, 'temp'),
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: true, untrimmedFilePath: join(root, 'dist', 'mft-native.d.ts') },
    tsdocMetadata: { enabled: false },
    messages: {
      compilerMessageReporting: { default: { logLevel: 'none' } },
      extractorMessageReporting: { default: { logLevel: 'none' } },
      tsdocMessageReporting: { default: { logLevel: 'none' } },
    },
  },
  configObjectFullPath: undefined,
  packageJsonFullPath: join(root, 'package.json'),
});
Extractor.invoke(config, {
  localBuild: true,
  showVerboseMessages: false,
  messageCallback: (message) => {
    message.handled = true;
  },
});

const [made, committed] = [join(temporary, 'mft-native.api.md'), join(root, 'docs', 'api.md')];
const declarations = join(root, 'dist', 'mft-native.d.ts');
// Typed arrays take a parameter from TypeScript 5.7 on only: without it the declarations serve compilers from 5.4.
const plain = readFileSync(declarations, 'utf8').replace(/\b(\w+Array)<(?:Shared)?ArrayBuffer(?:Like)?>/g, '$1');
// The tables of ts/verbs/described.ts are empty until here.
for (const name of ['DescribedQuantities', 'DescribedParameters', 'DescribedObservables'])
  if (!new RegExp(`interface ${name} `).test(plain)) throw new Error(`The declarations have no ${name} to fill.`);
writeFileSync(declarations, `${plain}\n${await describedTables(root)}\n`);
const foreign = [...plain.matchAll(/^import .*$/gm)].map(([line]) => line);
if (foreign.length > 0) {
  process.stderr.write(`The public declarations need other packages:\n${foreign.join('\n')}\n`);
  process.exit(1);
}

if (update) copyFileSync(made, committed);
else if (check && (!existsSync(committed) || readFileSync(made, 'utf8') !== readFileSync(committed, 'utf8'))) {
  process.stderr.write('The public API differs from docs/api.md. If that is meant, run: npm run api -- --update\n');
  process.exit(1);
}
