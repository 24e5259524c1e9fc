// The public API: grouped re-exports, no code.

// The verbs
export { evaluate } from './verbs/evaluate.js';
export { predict, simulate } from './verbs/predict.js';

// Results
export type { Axis, AxisName, Estimated, Finding, Observable, Predicted, Provenance, QuantityValue, Undefined, UndefinedPoint, Warning } from './core/results.js';
export { isUndefined, schemaVersion } from './core/results.js';
export type { Prediction, Simulation, SpecOf } from './verbs/results.js';

// Systems
export type { SystemName, Systems, Trainable } from './systems/registry.js';
export { systemNames } from './systems/registry.js';
export type { FeedforwardRun, FeedforwardSpec, WeightLaw } from './systems/feedforward/spec.js';
export type { DatasetInputs, DrawnInputs, GivenInputs, Inputs } from './core/inputs.js';
export type { ActivationSpec, ExpressionActivation } from './gaussian/activations.js';

// Errors, progress, cancellation
export { MftError, type MftErrorCode } from './core/errors.js';
export type { ControlOptions, Progress } from './core/control.js';
