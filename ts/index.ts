// The public API: grouped re-exports, no code.

// The verbs
export { evaluate } from './verbs/evaluate.js';
export { figure, type FigureOptions } from './verbs/figure.js';
export { map, type MapAxis, type MapOptions, type MappedQuantity, type QuantityMap } from './verbs/map.js';
export { predict, simulate } from './verbs/predict.js';

// Training
export { train, type TrainJob, trainMany } from './verbs/train.js';
export { infer, type Inference, type InferModel, type InferOptions } from './verbs/infer.js';
export type { TrainDataset } from './verbs/train-data.js';
export type { TrainOptions } from './training/options.js';
export type { ScalingRule } from './training/scaling.js';
export type { DatasetReference, Training } from './training/result.js';
export type { NamedArray, TrainEvaluation, TrainingBody, TrainReport } from './core/trainer.js';

// Advice
export { type Advice, type AdviceSection, advise } from './advise/advise.js';
export { initialise, type Initialization, initialize } from './advise/initialize.js';
export type { LibraryCode } from './advise/initialize-code.js';
export {
  checkScaling,
  type ScalingCheck,
  type ScalingCheckOptions,
  type ScalingExponent,
  type ScalingVerdict,
} from './advise/check-scaling.js';
export {
  shape,
  shapeActivation,
  type ShapeActivationOptions,
  type ShapedActivation,
  type ShapedBlocks,
  type ShapedSpec,
  type ShapeOptions,
} from './advise/shape.js';

// Comparison, fits, statistics
export type { BandShare } from './statistics/band.js';
export {
  type CompareOptions,
  type ComparedObservable,
  type Comparison,
  compare,
  type Verdict,
} from './statistics/compare.js';
export { type Fit, type FitOptions, fitExponential, fitPower } from './fit/laws.js';
export { fitLogistic } from './fit/logistic.js';
export { fitStretched } from './fit/stretched.js';
export { type DepthScaleFit, type DepthScaleOptions, fitDepthScale } from './fit/depth-scale.js';
export { type Bootstrap, bootstrap } from './statistics/bootstrap.js';
export { type KolmogorovSmirnov, kolmogorovSmirnov } from './statistics/kolmogorov-smirnov.js';

// Figures
export type { VegaLiteFigure } from './core/system.js';
export { type CurveOptions, type CurvePoint, figureCurves } from './figures/curves.js';
export { figureHeatMap, type HeatCell, type HeatLine, type HeatMapOptions, type HeatMark } from './figures/heat-map.js';
export { figureProfile } from './figures/profile.js';
export { render, type RenderOptions } from './figures/render.js';

// Sweeps
export type { AxisValues, PlanAxes } from './sweep/axes.js';
export type { AxisValue } from './sweep/point.js';
export { type BestOptions, type BestPoint, type BestPoints, bestPoints } from './sweep/best.js';
export { type ExportFiles, exportJournal } from './sweep/export.js';
export {
  type HalvingOptions,
  type HalvingPoint,
  type HalvingRound,
  successiveHalving,
} from './sweep/halving.js';
export type { RandomField, RandomPoints } from './sweep/random.js';
export type { Executor, ExecutorControl, JobLimits } from './sweep/executor.js';
export { type LocalOptions, localExecutor } from './sweep/local.js';
export { mergeJournals, type MergeSummary } from './sweep/merge.js';
export { type ExpandedPlan, expandPlan, type PlannedJob, type SweepPlan } from './sweep/plan.js';
export type { SweepProgress } from './sweep/progress.js';
export { queueExecutor, type QueueOptions } from './sweep/queue/coordinator.js';
export { readJournal, type SweepRow } from './sweep/rows.js';
export { sweep, type SweepOptions, type SweepSummary } from './sweep/run.js';

// Published figures and tables
export { reproduce, type ReproductionEntry, reproductions } from './reproduce/reproduce.js';
export type {
  NamedFigure,
  ReproductionOptions,
  ReproductionResult,
  ReproductionRow,
  ReproductionScale,
  RowVerdict,
  Scale,
} from './reproduce/types.js';

// Results
export type {
  Axis,
  AxisName,
  Estimated,
  Finding,
  Observable,
  Predicted,
  Provenance,
  QuantityValue,
  Undefined,
  UndefinedPoint,
  Warning,
} from './core/results.js';
export { isUndefined, schemaVersion } from './core/results.js';
export { fromJson, type Json, toJson } from './core/codec.js';
export type { Prediction, Simulation, SpecOf } from './verbs/results.js';

// Systems
export type { SystemName, Systems, Trainable } from './systems/registry.js';
export { systemNames } from './systems/registry.js';
export {
  fitGrowth,
  type FittedForm,
  type FittedGrowth,
  type GrowthFit,
  type GrowthFitOptions,
} from './systems/residual/growth-fit.js';
export { growthLaw } from './systems/residual/growth-law.js';
export type { Growth, GrowthForm, GrowthLaw } from './systems/residual/growth-schedule.js';
export type { BlockKind, HalvingWidths, ResidualRun, ResidualSpec } from './systems/residual/spec.js';
export type { FeedforwardRun, FeedforwardSpec, WeightLaw } from './systems/feedforward/spec.js';
export type { PercolationRun, PercolationSpec, Topology } from './systems/percolation/spec.js';
export {
  type KernelDrift,
  kernelDrift,
  type KernelDriftOptions,
} from './systems/kernel/experiments/drift.js';
export {
  type KernelFile,
  type KernelFileOptions,
  type KernelNetwork,
  writeKernel,
} from './systems/kernel/experiments/matrices.js';
export type { RegressionOptions } from './systems/kernel/train-options.js';
export type { KernelRun, KernelSpec, KernelWeightLaw } from './systems/kernel/spec.js';
export {
  type EmpiricalKernels,
  empiricalKernels,
  type EmpiricalNetwork,
  type EmpiricalOptions,
  type InputRows,
  type KernelMatrix,
} from './systems/kernel/empirical.js';
export type { AutoencoderRun, AutoencoderSpec } from './systems/autoencoder/spec.js';
export { type ModeCurve, modeCurve } from './systems/autoencoder/mode-curve.js';
export type { Piece } from './systems/autoencoder/schedule.js';
export {
  type DataSpectrum,
  dataSpectrum,
  type DataSpectrumOptions,
} from './systems/autoencoder/experiments/data-spectrum.js';
export type { CellName, GateSpec, RecurrentRun, RecurrentSpec } from './systems/recurrent/spec.js';
export type { ConvolutionRun, ConvolutionSpec } from './systems/convolution/spec.js';
export type { ImplicitRun, ImplicitSpec } from './systems/implicit/spec.js';
export type { FixedPointSystem, StateLoss, StateLossFunction } from './systems/implicit/user-system.js';
export {
  type BuiltInSystem,
  type FixedPointParameters,
  fixedPointSystem,
} from './systems/implicit/built-in-system.js';
export {
  type SteadyState,
  type SteadyStateOptions,
  solveSteadyState,
} from './systems/implicit/steady-state.js';
export {
  type AdjointMethodName,
  type AdjointSolve,
  type ImplicitGradient,
  implicitGradient,
  type ImplicitGradientOptions,
} from './systems/implicit/implicit-gradient.js';
export {
  type UnrolledGradient,
  unrolledGradient,
  type UnrolledGradientOptions,
} from './systems/implicit/unrolled-gradient.js';
export {
  diagnoseSteadyState,
  type DiagnoseOptions,
  type SteadyStateDiagnosis,
} from './systems/implicit/diagnose.js';
export type { DatasetInputs, DrawnInputs, GivenInputs, InputRow, Inputs } from './core/inputs.js';
export {
  type ActivationFunction,
  type ActivationSpec,
  evaluateActivation,
  type ExpressionActivation,
} from './gaussian/activations.js';

// Errors, progress, cancellation
export { MftError, type MftErrorCode } from './core/errors.js';
export type { ControlOptions, Progress } from './core/control.js';

// Data sets
export { datasetFrom, type GivenImages, type NumberRows, type PixelOptions } from './data/dataset-from.js';
export { readDataset, type DataFile, type Dataset, type DatasetName } from './data/dataset.js';
export { readWords, type WordDataset } from './data/words.js';
export { checkData, type DataCheck } from './data/check.js';
export type { DataOptions } from './data/bytes.js';
export type { Channels, PixelRange } from './data/pixels.js';
export { readIdx, type IdxArray, type IdxValues } from './data/idx.js';
export { readCifar10, type CifarImages } from './data/cifar10.js';
export { readNpy, type NpyArray, type NpyValues } from './data/npy.js';
export { readNpz } from './data/npz.js';

// Files of weights
export { type FileArray, type FileArrays, readArrays } from './weights/read-arrays.js';
export type { WeightFileOptions } from './weights/open.js';
export type { WeightFormat } from './weights/stored.js';

// Own networks
export { inspect, type Inspection, type InspectOptions } from './inspect/inspect.js';
export type { CellReport, InspectedSequence, SingularShare } from './inspect/cells/report.js';
export type { CellFixedPoint } from './inspect/cells/fixed-points.js';
export type { InitialVerdict, LayerReport } from './inspect/report.js';
export type { MeasuredLayer } from './inspect/signal.js';

// Gaussian moments of an activation
export {
  gaussianDerivativePairMoment,
  gaussianDerivativeSecondMoment,
  gaussianMean,
  gaussianPairMoment,
  gaussianPairMomentDeficit,
  gaussianSecondDerivativeSecondMoment,
  gaussianSecondMoment,
  gaussianVarianceSlopeMoment,
  type PairArgument,
  type VarianceArgument,
} from './gaussian/moments.js';
export type { Activation } from './gaussian/expectation.js';
export { gain, type GainOptions } from './gaussian/gain.js';
export { type NormalizedGradient, normalizedGradient, type NormalizedLayer } from './gaussian/normalization.js';
export type { ActivationTransform } from './gaussian/expression-text.js';
export type { ShapedMaps } from './gaussian/shaping.js';

// Fixed points and the critical line
export { fixedPointsVariance, type VarianceFixedPoint, type VarianceFixedPoints } from './gaussian/fixed-points.js';
export type { Layer } from './gaussian/variance-map.js';
export { type VarianceBasin, varianceBasins } from './gaussian/variance-basins.js';
export {
  type CriticalInitialization,
  criticalInitialization,
  type InitializationCode,
  type InitializationOptions,
  type VariancePreserving,
  variancePreservingInitialization,
} from './gaussian/initialization.js';
export {
  type CorrelationOptions,
  keepProbabilitiesForCorrelation,
  type KeepProbabilityPoint,
  type WantedDepthScale,
  weightVariancesForDepthScale,
} from './gaussian/inverse.js';
export {
  type CriticalOptions,
  type CriticalPoint,
  criticalPoints,
  criticalWeightVariance,
} from './gaussian/critical.js';
