// Before `npm pack` and `npm publish`: a package without its binary would install without a word and fail at the first native call.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const missing = [];
for (const platform of ['linux-x64']) {
  const folder = join(root, 'prebuilds', platform);
  if (!existsSync(folder) || !readdirSync(folder).some((name) => name.endsWith('.node')))
    missing.push(`the addon for ${platform} (npm run bundle:prebuild)`);
}
for (const file of ['index.js', 'index.cjs', 'mft.js', 'index.d.ts', 'index.d.cts'])
  if (!existsSync(join(root, 'lib', file))) missing.push(`lib/${file} (npm run build)`);
if (missing.length > 0) {
  process.stderr.write(`Not packed: the package would lack ${missing.join(', ')}.\n`);
  process.exit(1);
}
