#!/usr/bin/env bash
# Second command of the README: every test. Quick ones first (npm test), then the long ones (npm run verify); each suite ends with
# the time of every file, slowest first.
# Sets up the checkout first, with what the tests need besides (Redis, Chromium); safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh redis-server chromium
npm run --silent lint
npm run --silent api
node scripts/docs.mjs --check
npm test
npm run --silent verify
