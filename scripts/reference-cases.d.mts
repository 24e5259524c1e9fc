export interface ReferenceCase {
  readonly quantity: string;
  readonly parameters?: object;
  readonly value?: unknown;
  readonly relativeTolerance?: number;
  readonly absoluteTolerance?: number;
  readonly expectError?: string;
}
/** What is wrong with a case, or undefined. */
export declare function check(system: string, entry: ReferenceCase): Promise<string | undefined>;
