// What the explorer's page and its server say to each other: plain JSON.

/** One field of a spec as the page shows it. */
export interface Knob {
  readonly field: string;
  /** A slider with a number beside it, a list of words, a switch, or JSON text. */
  readonly kind: 'number' | 'whole' | 'choice' | 'boolean' | 'text';
  readonly symbol?: string;
  readonly about: string;
  readonly expected: string;
  /** Ends of the slider; numbers beyond them can be typed. */
  readonly low?: number;
  readonly high?: number;
  /** Equal ratios on the slider. */
  readonly isLog?: boolean;
  readonly words?: readonly string[];
  readonly byDefault: unknown;
}

/** A system as the page shows it. */
export interface SystemPage {
  readonly system: string;
  readonly title: string;
  readonly knobs: readonly Knob[];
  /** Quantities of the map. */
  readonly mapped: readonly string[];
  /** The fields a map starts with, if the system has two that are numbers. */
  readonly axes?: readonly [string, string];
}

/** What the page is about. */
export interface State {
  readonly system: string;
  /** Fields that were changed. */
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface Line {
  readonly name: string;
  readonly x: readonly number[];
  /** null: undefined there. */
  readonly y: readonly (number | null)[];
}

/** One observable against its first axis. */
export interface Curve {
  readonly name: string;
  readonly axis: string;
  /** Values are natural logarithms. */
  readonly isLog: boolean;
  readonly lines: readonly Line[];
}

/** What theory says of a spec. */
export interface Answer {
  readonly curves: readonly Curve[];
  /** Depth and time scales of curves, for vertical lines. */
  readonly scales: readonly { readonly name: string; readonly value: number }[];
  readonly numbers: readonly { readonly name: string; readonly text: string }[];
  readonly warnings: readonly string[];
  readonly code: { readonly typescript: string; readonly command: string };
  /** The whole spec with its defaults. */
  readonly spec: unknown;
}

export interface AdviceLine {
  readonly severity: string;
  readonly text: string;
}

/** Values over two fields; null: undefined there. */
export interface MapAnswer {
  readonly x: { readonly field: string; readonly values: readonly number[] };
  readonly y: { readonly field: string; readonly values: readonly number[] };
  readonly quantity: string;
  /** Row-major, x first: index = i(x) · length(y) + i(y). */
  readonly values: readonly (number | string | null)[];
}

/** What so many simulated networks say. */
export interface Round {
  readonly trials: number;
  readonly points: readonly Point[];
  readonly verdict: string;
  readonly largestZ: number;
}

export interface Point {
  readonly curve: string;
  readonly line: string;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
  readonly z: number | null;
}

/** What an error is told as. */
export interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

/** A page without a server: answers at the points of a grid. */
export interface Offline {
  readonly page: SystemPage;
  readonly state: State;
  readonly axes: readonly { readonly field: string; readonly values: readonly (number | string)[] }[];
  /** Row-major over the axes, the last varying fastest. */
  readonly points: readonly { readonly answer: Answer | Failure; readonly advice: readonly AdviceLine[] }[];
}
