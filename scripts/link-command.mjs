// Makes `npx mft` of this checkout run lib/mft.js, as it does where the package is installed. Without the link npx installs the
// checkout as a package into its own cache, and its install step compiles the whole addon once more, in silence. Part of the build.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = join(root, 'node_modules', '.bin');
// Absent where this package is a dependency or its dependencies lie elsewhere: npm links the command there.
if (existsSync(join(root, 'node_modules'))) {
  mkdirSync(folder, { recursive: true });
  for (const [name, path] of Object.entries(bin)) {
    const link = join(folder, name);
    rmSync(link, { force: true });
    symlinkSync(relative(folder, join(root, path)), link);
    chmodSync(join(root, path), 0o755);
  }
}
