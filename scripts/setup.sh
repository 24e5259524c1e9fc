#!/usr/bin/env bash
# Makes this checkout ready to run: system packages (through apt, where missing), npm packages, addon, TypeScript.
# Safe to run again: it does only what is missing. Called by scripts/start.sh and scripts/test.sh.
# Arguments: names of further Debian packages wanted (tests: redis-server chromium).
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

command -v node >/dev/null || { echo "mft-native needs Node.js >= 20.19 (https://nodejs.org); it was not found." >&2; exit 4; }
node -e '
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`mft-native needs Node.js >= 20.19, found ${process.version}.`);
    process.exit(4);
  }'

missing=()
command -v g++ >/dev/null || missing+=(g++)
command -v make >/dev/null || missing+=(make)
command -v cmake >/dev/null || missing+=(cmake)
compgen -G '/usr/include/*/openblas*/openblas_config.h' >/dev/null || compgen -G '/usr/include/openblas*/openblas_config.h' >/dev/null ||
  compgen -G '/usr/include/*/openblas_config.h' >/dev/null ||
  compgen -G '/usr/local/include/openblas_config.h' >/dev/null || missing+=(libopenblas-dev)
compgen -G '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf' >/dev/null || missing+=(fonts-dejavu-core)
for package in "$@"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "Please install: ${missing[*]} (names of Debian packages)." >&2
    exit 4
  fi
  say "Installing through apt: ${missing[*]}"
  run=()
  [ "$(id -u)" = 0 ] || run=(sudo)
  "${run[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

stamp=node_modules/.mft-lock
if ! cmp -s package-lock.json "$stamp"; then
  say "Installing npm packages"
  # Not `npm ci`: it refuses a lock file made where a registry lacks some packages for other platforms. Versions are pinned alike.
  npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json "$stamp"
fi

say "Building the addon and the TypeScript"
log=$(mktemp)
if ! npm run --silent build >"$log" 2>&1; then
  cat "$log" >&2
  rm -f "$log"
  exit 4
fi
rm -f "$log"
