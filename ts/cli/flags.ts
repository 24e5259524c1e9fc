// Command-line flags generated from a system's schema: one flag per field, kebab-case, with the field's own words.
import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { z } from 'zod';
import { MftError } from '../core/errors.js';
import { decodeText, parseJson, separated } from '../core/text.js';
import { fallback, hintFor, info } from '../core/fields.js';
import { loadSystem } from '../systems/registry.js';
import { hintFlagsWith } from './exit.js';
import type { System } from '../core/system.js';

/** keepProbability → --keep-probability */
function flagName(field: string): string {
  return `--${separated(field, '-')}`;
}

/** The flag of a field; `--spec-output` and the like where the command itself has a flag of that name. */
function flagField(field: string, taken: ReadonlySet<string>): string {
  return taken.has(field) ? `spec${field.charAt(0).toUpperCase()}${field.slice(1)}` : field;
}

const none: ReadonlySet<string> = new Set();

/** Adds one flag per field of the schema; `system` is left out. `taken`: the command's own flags. */
export function addFlags(command: Command, schema: z.ZodObject, heading: string, taken = none): void {
  for (const [name, type] of Object.entries(schema.shape)) {
    const field = flagField(name, taken);
    if (name === 'system' || command.options.some((option) => option.attributeName() === field)) continue;
    const about = info(type as z.ZodType);
    const text = `${about?.symbol === undefined ? '' : `${about.symbol}: `}${about?.description ?? field}`;
    if (about?.kind === 'boolean') {
      for (const option of switchOptions(field, text, fallback(type as z.ZodType)))
        command.addOption(option.helpGroup(heading));
      continue;
    }
    const given = fallback(type as z.ZodType);
    const byDefault =
      given === undefined ? '' : `; default ${typeof given === 'string' ? given : JSON.stringify(given)}`;
    const option = new Option(`${flagName(field)} <value>`, `${text} (${about?.expected ?? ''}${byDefault})`);
    fields.set(option, type as z.ZodType);
    command.addOption(option.helpGroup(heading));
    for (const alias of about?.aliases ?? []) command.addOption(new Option(`${flagName(alias)} <value>`).hideHelp());
  }
  offered.push(schema);
  hintFlagsWith(flagHint);
}

const fields = new WeakMap<Option, z.ZodType>();

/** The field of the schema that a flag was made of. */
export const fieldOf = (option: Option): z.ZodType | undefined => fields.get(option);

/** `--x` and `--no-x`, in this order (so that neither has a default); help shows the one that changes something. */
function switchOptions(field: string, text: string, byDefault: unknown): Option[] {
  const on = new Option(flagName(field), text);
  const off = new Option(flagName(field).replace(/^--/, '--no-'), `not: ${text}`);
  if (byDefault === true) on.hideHelp();
  if (byDefault === false) off.hideHelp();
  return [on, off];
}

/** Schemas whose fields are flags of this process's command. */
const offered: z.ZodObject[] = [];

/** What a flag from elsewhere is called here, where a schema on offer knows it. */
function flagHint(flag: string): string | undefined {
  const name = flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  for (const schema of offered) {
    const hint = hintFor(name, schema);
    if (hint !== undefined) return hint;
  }
  return undefined;
}

/** The fields of the schema that were given as flags, read as numbers, lists, JSON or words. */
export function readFlags(
  options: Readonly<Record<string, unknown>>,
  schema: z.ZodObject,
  taken = none,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [field, type] of Object.entries(schema.shape)) {
    const about = info(type as z.ZodType);
    const spelling = [flagField(field, taken), ...(about?.aliases ?? [])].find((name) => options[name] !== undefined);
    if (spelling === undefined || field === 'system') continue;
    const text = options[spelling];
    result[field] = typeof text === 'string' ? flagValue(field, text, about?.kind === 'list') : text;
  }
  return result;
}

function flagValue(field: string, text: string, isList: boolean): unknown {
  const trimmed = text.trim();
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) {
    try {
      return JSON.parse(trimmed);
    } catch (cause) {
      throw new MftError(
        'ERR_MFT_INVALID_ARGUMENT',
        `Expected \`${flagName(field)}\` to be valid JSON, received ${trimmed.slice(0, 80)}.`,
        { parameter: field, cause },
      );
    }
  }
  if (isList && trimmed.includes(',')) return trimmed.split(',').map(number);
  const value = number(trimmed);
  return typeof value === 'number' ? value : trimmed;
}

/** The number a text spells, or the text itself. */
function number(text: string): number | string {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** What a command that takes a spec starts from: the system, the user's spec and run. */
interface SpecAndRun {
  readonly system: System<unknown, unknown>;
  readonly spec: { readonly system: never };
  readonly run: Record<string, unknown>;
  readonly options: Readonly<Record<string, unknown>>;
  /** Positional arguments. */
  readonly words: readonly string[];
}

/**
 * Registers a command whose flags depend on `--system`: the flags of that system's spec (and run) are added before the
 * command line is parsed in full. `--spec FILE` reads the spec from JSON; flags win over the file. `configureFor` adds flags that
 * the command has for this system only.
 */
export function specCommand(
  program: Command,
  name: string,
  description: string,
  takesRun: boolean,
  configure: (command: Command) => void,
  action: (given: SpecAndRun) => Promise<void>,
  configureFor: (command: Command, system: System<unknown, unknown>) => void = () => undefined,
): void {
  const command = program
    .command(name)
    .description(description)
    .option('--system <name>', 'system; decides the other flags', 'feedforward')
    .option('--spec <file>', 'read the spec from a JSON file (- for standard input); flags win over it')
    .option('--json', 'print JSON');
  configure(command);
  const own: SpecFlags = { takesRun, configureFor, taken: none };
  deferred.set(command, own);
  command.action(async () => {
    const options = command.opts() as Record<string, unknown>;
    const fromFile = options.spec === undefined ? {} : readSpec(String(options.spec));
    const system = await loadSystem(fromFile.system ?? options.system);
    const { taken } = own;
    const spec = { ...fromFile, ...readFlags(options, system.specSchema, taken), system: system.name } as unknown as {
      system: never;
    };
    const run = takesRun ? readFlags(options, system.runSchema, taken) : {};
    await action({ system, spec, run, options, words: command.args });
  });
}

interface SpecFlags {
  readonly takesRun: boolean;
  readonly configureFor: (command: Command, system: System<unknown, unknown>) => void;
  /** The command's own flags, once its system is known. */
  taken: ReadonlySet<string>;
}

const deferred = new Map<Command, SpecFlags>();

/** Adds the system's flags to the command that is about to be parsed. Call before parsing. */
export async function prepareSpecFlags(program: Command, argv: readonly string[]): Promise<void> {
  const command = program.commands.find((candidate) => candidate.name() === argv[0]);
  const found = command === undefined ? undefined : deferred.get(command);
  if (command === undefined || found === undefined) return;
  const { takesRun, configureFor } = found;
  const system = await loadSystem(systemIn(argv));
  configureFor(command, system);
  const taken = new Set(command.options.map((option) => option.attributeName()));
  found.taken = taken;
  addFlags(command, system.specSchema, `Spec of system ${system.name}:`, taken);
  if (takesRun) addFlags(command, system.runSchema, 'Run:', taken);
}

/** The system a command line asks for: `--system`, else the spec file's, else feedforward. */
export function systemIn(argv: readonly string[]): unknown {
  const value = (flag: string): string | undefined => {
    const at = argv.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
    if (at < 0) return undefined;
    const word = argv[at] as string;
    return word.includes('=') ? word.slice(word.indexOf('=') + 1) : argv[at + 1];
  };
  const named = value('--system');
  if (named !== undefined) return named;
  const file = value('--spec');
  return file === undefined || file === '-' ? 'feedforward' : (readSpec(file).system ?? 'feedforward');
}

function readSpec(file: string): Record<string, unknown> {
  return readJson(file, 'spec') as Record<string, unknown>;
}

/** JSON of a file, or of standard input for `-`. @throws MftError ERR_MFT_DATA_NOT_FOUND, ERR_MFT_INVALID_ARGUMENT */
export function readJson(file: string, what: string): unknown {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file === '-' ? 0 : file);
  } catch (cause) {
    throw new MftError(
      'ERR_MFT_DATA_NOT_FOUND',
      `Could not read the ${what} from ${file}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { parameter: what, cause },
    );
  }
  const value = parseJson(decodeText(bytes, file), file);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, '$schema')) return value;
  // What an editor is told with: lib/schemas of this package.
  const { $schema: _, ...rest } = value as Record<string, unknown>;
  return rest;
}
