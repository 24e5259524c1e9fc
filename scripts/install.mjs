// Install step of the package: use the bundled prebuild when it loads, otherwise build from source.
// A build/Release left by an earlier build is never taken for a good one: the CMake build is incremental and re-runs.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const fromSource = ['true', '1', ''].includes(process.env.npm_config_build_from_source ?? 'false');

function prebuildLoads() {
  process.env.PREBUILDS_ONLY = '1';
  try {
    createRequire(import.meta.url)('node-gyp-build')(root);
    return true;
  } catch {
    return false;
  }
}

if (fromSource || !prebuildLoads()) {
  const { buildNative } = await import('./build-native.mjs');
  buildNative();
}
