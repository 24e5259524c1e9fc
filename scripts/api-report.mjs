// npm run api: the committed report of the public API (docs/api.md) must equal what the declarations say.
// npm run api -- --update writes it.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import extractor from '@microsoft/api-extractor';

const { Extractor, ExtractorConfig } = extractor;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const update = process.argv.includes('--update');
const temporary = join(root, 'build', 'api');
mkdirSync(temporary, { recursive: true });

const config = ExtractorConfig.prepare({
  configObject: {
    projectFolder: root,
    mainEntryPointFilePath: join(root, 'dist', 'index.d.ts'),
    compiler: { tsconfigFilePath: join(root, 'tsconfig.json') },
    apiReport: { enabled: true, reportFileName: 'mft-native.api.md', reportFolder: temporary, reportTempFolder: join(temporary, 'temp') },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: { compilerMessageReporting: { default: { logLevel: 'none' } }, extractorMessageReporting: { default: { logLevel: 'none' } }, tsdocMessageReporting: { default: { logLevel: 'none' } } },
  },
  configObjectFullPath: undefined,
  packageJsonFullPath: join(root, 'package.json'),
});
Extractor.invoke(config, { localBuild: true, showVerboseMessages: false, messageCallback: (message) => { message.handled = true; } });

const [made, committed] = [join(temporary, 'mft-native.api.md'), join(root, 'docs', 'api.md')];
if (update) copyFileSync(made, committed);
else if (!existsSync(committed) || readFileSync(made, 'utf8') !== readFileSync(committed, 'utf8')) {
  process.stderr.write('The public API differs from docs/api.md. If that is meant, run: npm run api -- --update\n');
  process.exit(1);
}
