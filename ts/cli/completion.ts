// mft completion: the script by which a shell completes commands, the flags of the system named, and their words; file names otherwise.
import { Argument, type Command, type Option } from 'commander';
import { info } from '../core/fields.js';
import { activationCatalogue } from '../gaussian/activations.js';
import { reproductions } from '../reproduce/reproduce.js';
import { loadSystem, systemNames } from '../systems/registry.js';
import { completionScripts } from './completion-scripts.js';
import { fieldOf, systemIn } from './flags.js';

interface Candidate {
  readonly word: string;
  readonly about: string;
}

/**
 * Registers `mft completion SHELL`, which prints the script, and `mft complete -- WORDS`, which that script calls for every press of the
 * key: candidates for the last word, one a line, a tab before what they mean. All other commands must be there already, and the flags of
 * the system that WORDS name.
 */
export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .description('the script by which bash, zsh or fish complete commands, flags and their words')
    .addArgument(new Argument('<shell>').choices(Object.keys(completionScripts)))
    .action((shell: keyof typeof completionScripts) => {
      process.stdout.write(completionScripts[shell]);
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      for (const { word, about } of await candidates(program, words))
        process.stdout.write(`${word}\t${about.replaceAll(/\s+/g, ' ')}\n`);
    });
}

/** What may stand for the last of the words after `mft`; none: a file name, or nothing we know. */
async function candidates(program: Command, words: readonly string[]): Promise<readonly Candidate[]> {
  const last = words.at(-1) ?? '';
  const { command, position, awaited, given } = place(program, words.slice(0, -1));
  const assigned = /^(--[^=]+)=/.exec(last);
  if (assigned !== null) {
    const option = optionOf(command, assigned[1] as string);
    return option === undefined
      ? []
      : optionWords(option)
          .map((found) => ({ ...found, word: `${assigned[0]}${found.word}` }))
          .filter(startsWith(last));
  }
  if (awaited !== undefined) return optionWords(awaited).filter(startsWith(last));
  if (last.startsWith('-'))
    return command
      .createHelp()
      .visibleOptions(command)
      .map(({ long, short, description }) => ({ word: long ?? short ?? '', about: description }))
      .filter(startsWith(last));
  const below = command.createHelp().visibleCommands(command);
  if (below.length > 0)
    return below.map((one) => ({ word: one.name(), about: one.description() })).filter(startsWith(last));
  const argument = command.registeredArguments[position];
  return argument === undefined ? [] : (await argumentWords(command, argument, given, words)).filter(startsWith(last));
}

const startsWith =
  (beginning: string) =>
  ({ word }: Candidate): boolean =>
    word.startsWith(beginning);

/** Where the words lead: the command, how many arguments it has, and the option whose value comes next. */
function place(
  program: Command,
  words: readonly string[],
): {
  readonly command: Command;
  readonly position: number;
  readonly given: readonly string[];
  readonly awaited: Option | undefined;
} {
  let command = program;
  let awaited: Option | undefined;
  const given: string[] = [];
  for (const word of words) {
    if (awaited !== undefined) awaited = undefined;
    else if (word.startsWith('-')) {
      const option = optionOf(command, word);
      awaited = option?.required === true ? option : undefined;
    } else {
      const below = command.commands.find((one) => one.name() === word);
      if (below === undefined) given.push(word);
      else command = below;
    }
  }
  return { command, position: given.length, given, awaited };
}

const optionOf = (command: Command, flag: string): Option | undefined =>
  command.options.find(({ long, short }) => long === flag || short === flag);

/** The words an option takes by name: its choices, the systems, or those that its field says. */
function optionWords(option: Option): readonly Candidate[] {
  const field = fieldOf(option);
  const words =
    option.argChoices ??
    (option.attributeName() === 'system'
      ? systemNames
      : field === undefined
        ? []
        : wordsIn(info(field)?.expected ?? ''));
  return words.map((word) => ({ word, about: '' }));
}

/** "one of tanh, relu, {expression}": tanh and relu. */
const wordsIn = (expected: string): readonly string[] =>
  /one of ((?:\w+(?:, )?)+)/
    .exec(expected)?.[1]
    ?.split(', ')
    .filter((word) => word !== '') ?? [];

/** The words an argument takes by name: its choices, systems and their quantities and figures, reproductions, activations. */
async function argumentWords(
  command: Command,
  argument: Argument,
  given: readonly string[],
  words: readonly string[],
): Promise<readonly Candidate[]> {
  const plain = (names: readonly string[]): Candidate[] => names.map((word) => ({ word, about: '' }));
  const described = (table: Readonly<Record<string, { readonly description: string }>>): Candidate[] =>
    Object.entries(table).map(([word, { description }]) => ({ word, about: description }));
  switch (`${command.name()} ${argument.name()}`) {
    case 'evaluate system':
      return plain(systemNames);
    case 'evaluate quantity':
      return described((await loadSystem(given[0])).quantities);
    case 'figure name':
      return described((await loadSystem(systemIn(words))).figures);
    case 'gain activation':
      return plain(Object.keys(activationCatalogue));
    case 'reproduce id':
      return (await reproductions()).map(({ id, title }) => ({ word: id, about: title }));
    default:
      return plain(argument.argChoices ?? []);
  }
}
