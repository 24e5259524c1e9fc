// Noise, decay and rate that change from given steps on: the fields, and the stages of a run.
import * as z from 'zod';
import { expectedError } from '../../core/errors.js';

/** From this step on; what is left out stays as it was. */
export interface Piece {
  readonly fromStep: number;
  readonly noiseVariance?: number | undefined;
  readonly weightDecay?: number | undefined;
  readonly learningRate?: number | undefined;
}

/** What holds from a step on. */
export interface Stage {
  readonly fromStep: number;
  readonly noiseVariance: number;
  readonly weightDecay: number;
  readonly learningRate: number;
}

/** A list of pieces whose `fromStep` is what `step` takes. */
export const piecesField = (step: z.ZodNumber): z.ZodDefault<z.ZodArray<z.ZodType<Piece, Piece>>> =>
  z
    .array(
      z.strictObject({
        fromStep: step,
        noiseVariance: z.number().gte(0).optional(),
        weightDecay: z.number().gte(0).optional(),
        learningRate: z.number().gte(0).optional(),
      }) as z.ZodType<Piece, Piece>,
    )
    .default([])
    .meta({
      expected: 'a list of {fromStep, noiseVariance, weightDecay, learningRate} in rising order of `fromStep`',
      description: 'What changes from which step on.',
    });

/** Refuses pieces out of order. @throws MftError ERR_MFT_INVALID_ARGUMENT */
export function checkOrder(schedule: readonly Piece[]): void {
  schedule.forEach(({ fromStep }, i) => {
    if (i > 0 && fromStep <= (schedule[i - 1] as Piece).fromStep)
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'schedule', 'in rising order of `fromStep`', fromStep);
  });
}

/** All stages in order, the first from step 0. */
export function stagesOf({
  noiseVariance,
  weightDecay,
  learningRate,
  schedule,
}: Omit<Stage, 'fromStep'> & { readonly schedule: readonly Piece[] }): [Stage, ...Stage[]] {
  const stages: [Stage, ...Stage[]] = [{ fromStep: 0, noiseVariance, weightDecay, learningRate }];
  for (const piece of schedule) {
    const before = stages.at(-1) as Stage;
    const next = {
      fromStep: piece.fromStep,
      noiseVariance: piece.noiseVariance ?? before.noiseVariance,
      weightDecay: piece.weightDecay ?? before.weightDecay,
      learningRate: piece.learningRate ?? before.learningRate,
    };
    if (piece.fromStep === before.fromStep) stages[stages.length - 1] = next;
    else stages.push(next);
  }
  return stages;
}
