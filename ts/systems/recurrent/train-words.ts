// Gradient descent on texts: words are cut into rows of T, rows into as many streams as a step has examples; perplexities.
import { MftError } from '../../core/errors.js';
import type {
  DataShape,
  Examples,
  Trainer,
  TrainerControl,
  TrainerJob,
  TrainEvaluation,
  TrainingBody,
  TrainingData,
} from '../../core/trainer.js';
import { isUndefined, type QuantityValue, type Undefined, type Warning } from '../../core/results.js';
import { misfit } from '../../training/refusals.js';
import type { ResolvedTrainOptions } from '../../training/options.js';
import type { TrainingPlan } from '../../training/plan.js';
import { sgd } from '../../training/sgd.js';
import { wordBaselines } from './word-baselines.js';

type SgdTrainer<Spec> = Trainer<Spec, TrainingPlan, ResolvedTrainOptions>;
type Job = TrainerJob<TrainingPlan, ResolvedTrainOptions>;

/** Positions of a row: T of a plan for texts, else nothing is cut. */
const stretchOf = ({ carriesState = false, positions = 1 }: TrainingPlan): number | undefined =>
  carriesState ? positions : undefined;

const rows = (words: number, stretch: number): number => Math.floor(words / stretch);

/** The words as rows of `stretch`; those after the last whole row are left out. */
function cut(text: Examples, stretch: number): Examples {
  const count = rows(text.count, stretch);
  return {
    ...text,
    count,
    shape: [stretch],
    dimension: stretch,
    images: text.images.subarray(0, count * stretch),
    ...(text.labels === undefined ? {} : { labels: text.labels.subarray(0, count * stretch) }),
  };
}

/** A shape of words as one of rows. */
function rowShape(data: DataShape, stretch: number): DataShape {
  const count = rows(data.count, stretch);
  if (count < 1) throw misfit('steps', `at most ${data.count}, the words of the text`, stretch);
  return {
    ...data,
    shape: [stretch],
    dimension: stretch,
    count,
    ...(data.testCount === undefined ? {} : { testCount: rows(data.testCount, stretch) }),
  };
}

/** Options that count words, counting rows; the weights come back for the evaluation that leaves unknown words out. */
const rowOptions = (options: ResolvedTrainOptions, stretch: number): ResolvedTrainOptions => ({
  ...options,
  trainCount: 0,
  trainEvaluation: rows(options.trainEvaluation, stretch),
  returnWeights: true,
});

/** `sgd(plan)` that also takes texts, whose examples are words. */
export function texts<Spec>(plan: SgdTrainer<Spec>['plan']): SgdTrainer<Spec> {
  const descent = sgd<Spec>(plan);
  const onRows =
    <Result, Rest extends unknown[]>(
      measure: (plan: TrainingPlan, options: ResolvedTrainOptions, data: DataShape, ...rest: Rest) => Result,
    ) =>
    (own: TrainingPlan, options: ResolvedTrainOptions, data: DataShape, ...rest: Rest): Result => {
      const stretch = stretchOf(own);
      if (stretch === undefined) return measure(own, options, data, ...rest);
      return measure(own, rowOptions(options, stretch), rowShape(data, stretch), ...rest);
    };
  return {
    ...descent,
    takesText: true,
    complete: (own, options, data) => {
      const stretch = stretchOf(own);
      return descent.complete(own, options, stretch === undefined ? data : rowShape(data, stretch));
    },
    flops: onRows(descent.flops),
    bytes: onRows(descent.bytes),
    units: onRows(descent.units),
    run: async (jobs, data, control) => {
      const bodies: TrainingBody[] = [];
      // Images go to the same step together; texts one after the other, for each may be cut in another way.
      if (jobs.every(({ plan: own }) => stretchOf(own) === undefined)) return descent.run(jobs, data, control);
      let before = 0;
      for (const job of jobs) {
        const { onProgress } = control;
        const done = before;
        const shifted: TrainerControl =
          onProgress === undefined
            ? control
            : {
                ...control,
                onProgress: (progress) => {
                  before = done + progress.done;
                  onProgress({ ...progress, done: before });
                },
              };
        bodies.push(await runText(descent, job, data, shifted));
      }
      return bodies;
    },
  };
}

async function runText<Spec>(
  descent: SgdTrainer<Spec>,
  job: Job,
  { train, test }: TrainingData,
  control: TrainerControl,
): Promise<TrainingBody> {
  const stretch = stretchOf(job.plan) as number;
  const { trainCount, returnWeights, saveWeights: _file } = job.options;
  const used = trainCount > 0 ? Math.min(trainCount, train.count) : train.count;
  const texts: TrainingData = {
    train: cut({ ...train, count: used }, stretch),
    ...(test === undefined ? {} : { test: cut(test, stretch) }),
  };
  const options = rowOptions(job.options, stretch);
  const [body] = await descent.run([{ ...job, options, identity: { ...job.identity, words: used } }], texts, control);
  if (body === undefined) throw new MftError('ERR_MFT_INTERNAL', 'A run on a text returned nothing.');
  const { weights, ...rest } = body;
  const known = await withoutUnknown(descent, { ...job, options }, texts, weights, control);
  return {
    ...rest,
    train: inWords(body.train, stretch),
    ...(body.test === undefined ? {} : { test: inWords(body.test, stretch) }),
    quantities: {
      ...(body.train.count === 0 ? {} : { trainPerplexity: perplexity(body.train.loss) }),
      ...(body.test === undefined ? {} : { testPerplexity: perplexity(body.test.loss) }),
      ...known,
      ...(texts.test === undefined ? {} : wordBaselines(texts.train, texts.test)),
    },
    warnings: [...(body.warnings ?? []), ...dropped(used, job.options.batchSize, stretch)],
    ...(returnWeights && weights !== undefined ? { weights } : {}),
  };
}

const inWords = (evaluation: TrainEvaluation, stretch: number): TrainEvaluation => ({
  ...evaluation,
  count: evaluation.count * stretch,
});

const perplexity = (loss: number | Undefined): QuantityValue => {
  if (isUndefined(loss)) return loss;
  const value = Math.exp(loss);
  return Number.isFinite(value) ? value : { reason: 'the perplexity is beyond the range of numbers' };
};

/** Perplexity of the test text over the words that are not `<unk>`: one more evaluation, in which those have no label. */
async function withoutUnknown<Spec>(
  descent: SgdTrainer<Spec>,
  job: Job,
  { train, test }: TrainingData,
  weights: TrainingBody['weights'],
  control: TrainerControl,
): Promise<Readonly<Record<string, QuantityValue>>> {
  const unknown = test?.vocabulary?.indexOf('<unk>') ?? -1;
  if (test?.labels === undefined || unknown < 0 || weights === undefined) return {};
  const areFinite = Object.values(weights).every(({ values }) => values.every(Number.isFinite));
  const labels = Int32Array.from(test.labels, (label) => (label === unknown ? -1 : label));
  const counted = labels.reduce((sum, label) => sum + (label < 0 ? 0 : 1), 0);
  if (!areFinite) return { testPerplexityWithoutUnknown: { reason: 'the weights are not finite' } };
  if (counted === 0) return { testPerplexityWithoutUnknown: { reason: 'every word of the test text is unknown' } };
  const { checkpoint: _checkpoint, saveWeights: _file, epochs: _epochs, ...others } = job.options;
  const options = { ...others, steps: 0, trainEvaluation: 0, statisticsEvery: 0, initialWeights: weights };
  const { threads, signal } = control;
  const [body] = await descent.run(
    [{ ...job, options }],
    { train, test: { ...test, labels } },
    { threads, ...(signal === undefined ? {} : { signal }) },
  );
  const loss = body?.test?.loss ?? { reason: 'there is no test text' };
  return {
    testPerplexityWithoutUnknown: isUndefined(loss) ? loss : perplexity((loss * labels.length) / counted),
  };
}

/** Words of the training text that no step of an epoch reads. */
function dropped(used: number, batch: number, stretch: number): readonly Warning[] {
  const read = Math.floor(rows(used, stretch) / batch) * batch * stretch;
  const left = used - read;
  if (left === 0) return [];
  return [
    {
      id: 'droppedWords',
      message:
        `An epoch reads ${read} of ${used} words: ${batch} streams of whole rows of ${stretch}; ` +
        `${left} are left over.`,
    },
  ];
}
