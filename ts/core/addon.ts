// Loads the addon at first use and turns its errors into MftErrors. The only file that touches the binary.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { MftError, type MftErrorCode } from './errors.js';

/**
 * The folder of this package: the nearest one above this file whose manifest has its name. Elsewhere (a bundle that took this file
 * along) it is the folder of the file, where there is no addon. Interface and binary have the package's version: they ship together.
 */
export const packageRoot = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (isPackage(folder)) return folder;
    if (folder === dirname(folder)) return start;
  }
}

function isPackage(folder: string): boolean {
  const manifest = join(folder, 'package.json');
  return (
    existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === 'mft-native'
  );
}

/** Names and values of `environment()`. */
export interface NativeEnvironment {
  readonly blasConfiguration: string;
  /** The core of OpenBLAS that runs, the one OpenBLAS or the user chose, and the best for this processor (native/core/blas_core.h). */
  readonly blasCore: string;
  readonly blasCoreFound: string;
  readonly blasCoreBest: string;
  readonly blasCoreStatus: 'suitable' | 'below' | 'refused';
  readonly isBlasCoreUsers: boolean;
  readonly instructionSet: 'baseline' | 'avx2' | 'avx512';
  readonly bestInstructionSet: 'baseline' | 'avx2' | 'avx512';
  readonly cpu: string;
  readonly processors: number;
  readonly compiler: string;
}

/** What a processor says of itself (native/core/cpu.h). */
export interface NativeProcessor {
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
  readonly hasSse42: boolean;
  readonly hasAvx: boolean;
  readonly hasAvx2: boolean;
  readonly hasAvx512: boolean;
  readonly hasAvx512Bf16: boolean;
}

/** What a stream of random numbers is drawn for (native/core/random.h). */
export interface NativeDraw {
  readonly seed: Float64Array;
  readonly trial: number;
  readonly layer: number;
  readonly purpose: 'weights' | 'dataset' | 'bootstrap';
  readonly first: number;
  readonly count: number;
}

/** One field of an argument of the addon: what native code reads, as its table declares it (native/node/fields.h). */
export interface NativeField {
  readonly kind: string;
  readonly isOptional: boolean;
  /** The fields of an object, or of each object of a list. */
  readonly fields?: Readonly<Record<string, NativeField>>;
}

/**
 * The functions of the addon that no system owns, one line each; those of a system are declared in its native.ts, those of
 * training and of Gaussian expectations beside their callers, by merging into this interface.
 */
export interface NativeAddon {
  environment(): NativeEnvironment;
  useInstructionSet(name: string): void;
  /** Cancels all running and queued work of this environment; with `isProcess`, of every environment. */
  endCalls(isProcess: boolean): void;
  /** Names of the cores of OpenBLAS that suit a processor, the fastest first; none where OpenBLAS's own choice stays. */
  suitableBlasCores(processor: NativeProcessor): string[];
  /** Takes the kernel's lock on an open file: false when another process holds it. */
  lockFile(fd: number): boolean;
  normals(draw: NativeDraw): Float64Array;
  uniforms(draw: NativeDraw): Float64Array;
  /** Of every function, the fields of its arguments that are objects, by position. */
  tables(): Readonly<Record<string, readonly Readonly<Record<string, NativeField>>[]>>;
}

let loaded: NativeAddon | undefined;

/**
 * The addon, loaded once. Its functions throw MftErrors.
 *
 * @throws MftError ERR_MFT_NATIVE_LOAD with a diagnosis and the commands that help.
 */
export function addon(): NativeAddon {
  if (loaded === undefined) {
    const binary = wrapped(load());
    // Node waits for native work before it ends: process.exit and uncaught exceptions end within the time of an abort.
    process.once('exit', () => binary.endCalls(isMainThread));
    loaded = binary;
  }
  return loaded;
}

/** The file that is, or would be, loaded. @throws Error where there is none for this machine */
export function addonFile(): string {
  const require = createRequire(import.meta.url);
  return (require('node-gyp-build') as { resolve: (root: string) => string }).resolve(packageRoot);
}

function load(): Record<string, unknown> {
  let file: string | undefined;
  try {
    file = addonFile();
    const binary = createRequire(import.meta.url)(file) as Record<string, unknown>;
    // Whatever *.node lies in build/ goes before a prebuilt one.
    if (typeof binary.environment !== 'function') throw new Error('it is no build of this package');
    return binary;
  } catch (cause) {
    throw new MftError('ERR_MFT_NATIVE_LOAD', loadDiagnosis(cause, file), { cause });
  }
}

/** Files of prebuilt addons, as platform/file. */
function bundledFiles(): string {
  const folder = join(packageRoot, 'prebuilds');
  if (!existsSync(folder)) return 'none';
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.node'))
    .join(', ');
}

function isMusl(): boolean {
  return process.platform === 'linux' && (process.env.LIBC === 'musl' || existsSync('/etc/alpine-release'));
}

/** What a build from source needs from the registry; installed packages carry none of it. */
const buildPackages = 'cmake-js@8 node-addon-api@8 node-api-headers@1';

/** Node was told to load no addons: by which flag, and what lets this one in. */
function disabledAdvice(): readonly string[] {
  const given = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)].map(
    (word) => word.split('=')[0],
  );
  const permission = given.find((word) => word === '--permission' || word === '--experimental-permission');
  const named = permission ?? (given.includes('--no-addons') ? '--no-addons' : undefined);
  const where = named === undefined ? 'Addons are switched off in this process' : `Addons are switched off by ${named}`;
  return [
    `${where}; the file is there and is not at fault.`,
    permission === undefined
      ? 'Start Node without it (workers: without it in `execArgv`).'
      : `Add --allow-addons beside ${permission} (and --allow-worker, --allow-fs-read where they are needed).`,
  ];
}

function loadDiagnosis(cause: unknown, file: string | undefined): string {
  const platform = `${process.platform}-${process.arch}${isMusl() ? ' with musl' : ''}`;
  const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  const lines = [
    `The native addon of mft-native could not be loaded on ${platform}, Node ${process.version}: ${reason}`,
  ];
  if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_DLOPEN_DISABLED')
    return [...lines, ...disabledAdvice()].join('\n');
  const bundled = bundledFiles();
  const { MFT_NATIVE_PREBUILD: override } = process.env;
  if (override !== undefined)
    lines.push(
      `MFT_NATIVE_PREBUILD is set: nothing was looked for but in ${override}. Unset it to use the package's own.`,
    );
  if (file !== undefined) lines.push(`The file taken is ${file}; if it is left over from another build, remove it.`);
  if (!isPackage(packageRoot)) {
    lines.push(
      'A bundler took mft-native along without its addon. Keep it out of the bundle and installed beside it:',
      '  esbuild, Bun: --external:mft-native    webpack, rspack: externals    Rollup, Vite: external, ssr.external',
    );
  } else if (process.platform !== 'linux') {
    lines.push(
      `Supported: linux-x64 and linux-arm64 with glibc; types and the parts that need no addon work here. Bundled: ${bundled}.`,
    );
  } else {
    lines.push(
      `Bundled prebuilds: ${bundled}${isMusl() ? '; they need glibc' : ''}. Build the addon from source, where mft-native is installed:`,
      `  ${isMusl() ? 'apk add g++ cmake make openblas-dev' : 'apt-get install g++ cmake make libopenblas-dev'}`,
      `  npm install --no-save ${buildPackages}`,
      '  node node_modules/mft-native/scripts/build-native.mjs',
    );
  }
  return lines.join('\n');
}

function wrapped(binary: Record<string, unknown>): NativeAddon {
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(binary)) {
    if (typeof member !== 'function') continue;
    result[name] = (...values: unknown[]): unknown => {
      try {
        const value: unknown = member(...values);
        return value instanceof Promise ? value.catch(rethrow) : value;
      } catch (error) {
        return rethrow(error);
      }
    };
  }
  return result as unknown as NativeAddon;
}

function rethrow(error: unknown): never {
  if (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('ERR_MFT_')
  ) {
    if (error.code === 'ERR_MFT_CANCELLED') throw error;
    const parameter = 'parameter' in error && typeof error.parameter === 'string' ? error.parameter : undefined;
    throw new MftError(error.code as MftErrorCode, error.message, { parameter, cause: error });
  }
  throw error;
}

/** A seed (whole number, 0 to 2^53 − 1) as the two 32-bit halves the addon takes. */
export function seedHalves(seed: number): Float64Array {
  return Float64Array.of(seed % 2 ** 32, Math.floor(seed / 2 ** 32));
}
