/** One file of a run. */
export interface FileResult {
  readonly file: string;
  readonly passed: boolean;
  readonly seconds: number;
  readonly assertions: number;
  readonly empty: readonly string[];
  readonly skipped: readonly string[];
  readonly shown: readonly string[];
}
export function tapReader(onFile: (result: FileResult) => void): { line(text: string): void };
export function complaints(
  files: readonly FileResult[],
  floors: Readonly<Record<string, number>>,
  isWhole: boolean,
  maySkip?: boolean,
): string[];
