// Dynamics of a user: callbacks on Float64Array, guarded so that what they return is checked and what they are given stays theirs to spoil.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { readOnce } from '../../core/copy.js';
import { expectedError, MftError } from '../../core/errors.js';
import type { Dynamics, Iteration, Loss } from './dynamics.js';
import type { Vector } from './products.js';

/** A convergent recurrent system h ← F(h) given by its update and the products of its Jacobian J = ∂F/∂h. */
export interface FixedPointSystem {
  /** n: components of the state. */
  readonly stateSize: number;
  /** F(h). */
  evaluate(state: Float64Array): Float64Array;
  /** Jᵀ u at a state. */
  vjp(state: Float64Array, cotangent: Float64Array): Float64Array;
  /** J v at a state. Conjugate gradient on the normal equations and Newton's method need it. */
  jvp?(state: Float64Array, direction: Float64Array): Float64Array;
  /** zᵀ ∂F/∂θ at a state, for every array of parameters by name. Without it there is no gradient, only the adjoint z. */
  parameterCotangent?(state: Float64Array, adjoint: Float64Array): Readonly<Record<string, Float64Array>>;
}

/** A loss of a state: L, ∂L/∂h, and what it takes from parameters directly. */
export interface StateLoss {
  readonly value: number;
  readonly gradient: Float64Array;
  /** ∂L/∂θ at fixed h, added to the arrays of the same name. */
  readonly parameters?: Readonly<Record<string, Float64Array>>;
}

/** L of a state h. */
export type StateLossFunction = (state: Float64Array) => StateLoss;

type Arrays = Readonly<Record<string, Vector>>;

/** Dynamics known by what they are, of systems that this package made: they keep their structure and their native products. */
export const ownDynamics = new WeakMap<object, Dynamics>();

/** A guarded system: what solvers take, without a start and without a loss. */
export interface Guarded {
  readonly dynamics: Iteration;
  readonly hasForwardProduct: boolean;
  readonly hasCotangent: boolean;
}

function callable(system: object, name: string, isNeeded: boolean): ((...given: unknown[]) => unknown) | undefined {
  const found = readOnce(`system.${name}`, () => (system as Record<string, unknown>)[name]);
  if (found === undefined && !isNeeded) return undefined;
  if (typeof found !== 'function')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', `system.${name}`, 'a function', found);
  return found.bind(system) as (...given: unknown[]) => unknown;
}

/** Of a revoked proxy no question can be asked. */
function isVector(value: unknown): value is Vector {
  try {
    return value instanceof Float64Array;
  } catch {
    return false;
  }
}

/** What a callback returns: a copy, finite and of the right length. */
function checkedVector(value: unknown, size: number | undefined, name: string, call: number): Vector {
  if (!isVector(value))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a function that returns a Float64Array', value);
  if (size !== undefined && value.length !== size)
    throw expectedError('ERR_MFT_SHAPE', name, `a function that returns ${size} numbers`, value.length);
  const bad = value.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0)
    throw new MftError(
      'ERR_MFT_NOT_FINITE',
      `Expected \`${name}\` to return finite numbers: component ${bad} of call ${call} is ${value[bad]}.`,
      { parameter: name, received: value[bad] },
    );
  return value.slice();
}

/** Arrays by name, of one length each. */
function checkedArrays(value: unknown, name: string, call: number): Arrays {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Array.isArray(value))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a function that returns Float64Arrays by name', value);
  return Object.fromEntries(
    Object.entries(value).map(([key, array]) => [key, checkedVector(array, undefined, `${name}.${key}`, call)]),
  );
}

/** Calls what is the user's; what it throws becomes the documented error. */
function called<T>(name: string, call: number, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected \`${name}\` to return: call ${call} threw ${why}`, {
      parameter: name,
      expected: 'a function that returns',
      cause,
    });
  }
}

/**
 * The system as solvers take it. Callbacks get copies (one that writes into its arguments, or returns the same array every time,
 * spoils nothing) and are not called any more once the signal is aborted.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE; from callbacks also ERR_MFT_SHAPE, ERR_MFT_NOT_FINITE
 */
export function guarded(system: FixedPointSystem, start: Vector | undefined, control: ControlOptions): Guarded {
  if (typeof system !== 'object' || system === null)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'system', 'an object with callbacks', system);
  const own = ownDynamics.get(system);
  if (own !== undefined)
    return { dynamics: { ...own, start: start ?? own.start }, hasForwardProduct: true, hasCotangent: true };
  const size = readOnce('system', () => system.stateSize);
  if (!Number.isInteger(size) || size < 1 || size > 2 ** 31)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'system.stateSize', 'a whole number of at least 1', size);
  const calls: Record<string, number> = {};
  const ask = (name: string, isNeeded: boolean) => {
    const run = callable(system, name, isNeeded);
    if (run === undefined) return undefined;
    return (...given: Vector[]): unknown => {
      throwIfAborted(control);
      calls[name] = (calls[name] ?? 0) + 1;
      return called(`system.${name}`, calls[name], () => run(...given.map((x) => x.slice())));
    };
  };
  const vector = (name: string, value: unknown): Vector =>
    checkedVector(value, size, `system.${name}`, calls[name] ?? 1);
  const evaluate = ask('evaluate', true) as (h: Vector) => unknown;
  const vjp = ask('vjp', true) as (h: Vector, u: Vector) => unknown;
  const jvp = ask('jvp', false);
  const cotangent = ask('parameterCotangent', false);
  const missing = (): never => {
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'This method needs products J v and the system has no `jvp`: give one, or use the adjoint method "gmres" and the ' +
        'forward method "anderson".',
      { parameter: 'system.jvp' },
    );
  };
  return {
    hasForwardProduct: jvp !== undefined,
    hasCotangent: cotangent !== undefined,
    dynamics: {
      size,
      start: start ?? new Float64Array(size),
      evaluate: (h) => vector('evaluate', evaluate(h)),
      at: (h) => ({
        vjp: (u) => vector('vjp', vjp(h, u)),
        jvp: (v) => (jvp === undefined ? missing() : vector('jvp', jvp(h, v))),
        cotangent: (z) =>
          cotangent === undefined
            ? {}
            : checkedArrays(cotangent(h, z), 'system.parameterCotangent', calls.parameterCotangent ?? 1),
      }),
    },
  };
}

/** The loss as solvers take it. */
export function guardedLoss(
  loss: StateLossFunction,
  size: number,
  control: ControlOptions,
): (h: Vector) => Loss & { readonly parameters: Arrays } {
  if (typeof loss !== 'function')
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'loss', 'a function of the state', loss);
  let call = 0;
  return (h) => {
    throwIfAborted(control);
    call++;
    const found: unknown = called('loss', call, () => loss(h.slice()));
    const expected = 'a function that returns { value, gradient }';
    if (typeof found !== 'object' || found === null)
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'loss', expected, found);
    const { value, gradient, parameters } = found as Partial<StateLoss>;
    if (typeof value !== 'number') throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'loss.value', 'a number', value);
    if (!Number.isFinite(value)) throw expectedError('ERR_MFT_NOT_FINITE', 'loss.value', 'a finite number', value);
    return {
      value,
      gradient: checkedVector(gradient, size, 'loss.gradient', call),
      parameters: parameters === undefined ? {} : checkedArrays(parameters, 'loss.parameters', call),
    };
  };
}

/** A state that a user gives. @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_SHAPE, ERR_MFT_NOT_FINITE */
export function givenState(state: unknown, size: number, name: string): Vector {
  if (!isVector(state)) throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a Float64Array', state);
  if (state.length !== size) throw expectedError('ERR_MFT_SHAPE', name, `${size} numbers`, state.length);
  const bad = state.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw expectedError('ERR_MFT_NOT_FINITE', `${name}.${bad}`, 'a finite number', state[bad]);
  return state.slice();
}
