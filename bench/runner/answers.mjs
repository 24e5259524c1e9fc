// Whether a competitor's answer is ours. A wrong answer is reported and not timed.

/** Scores beyond this many standard errors are wrong: with 400 comparisons the chance of a false alarm is 1e-6. */
export const largestScore = 6;

/**
 * Means over random networks against ours: z of every value. `ours` holds means and variances over its networks. Values of one
 * competitor's networks are averages over `networks` of them, so the variance of the difference is v (1/n + 1/m).
 */
export function compareNetworks(ours, theirs) {
  let worst = { score: 0, name: '', index: 0 };
  let comparisons = 0;
  for (const [name, { mean, variance }] of Object.entries(ours.observables)) {
    const values = theirs.observables?.[name];
    if (!Array.isArray(values) || values.length !== mean.length)
      return {
        isRight: false,
        detail: `${name}: expected ${mean.length} values, received ${values?.length ?? 'none'}`,
      };
    for (let i = 0; i < mean.length; i++) {
      comparisons += 1;
      if (!Number.isFinite(values[i])) return { isRight: false, detail: `${name}[${i}] is not a number` };
      const error = Math.sqrt(variance[i] * (1 / ours.networks + 1 / theirs.networks));
      const score = Math.abs(values[i] - mean[i]) / Math.max(error, 1e-6 * Math.abs(mean[i]));
      if (score > worst.score) worst = { score, name, index: i };
    }
  }
  const detail = `largest |z| ${worst.score.toFixed(2)} of ${comparisons} (${worst.name}, layer ${worst.index + 1})`;
  return { isRight: comparisons > 0 && worst.score <= largestScore, detail };
}

/** Deterministic values against ours within a relative tolerance. */
export function compareValues(ours, theirs, tolerance) {
  let worst = 0;
  let comparisons = 0;
  for (const [name, values] of Object.entries(ours.observables)) {
    const received = theirs.observables?.[name];
    if (!Array.isArray(received) || received.length !== values.length)
      return {
        isRight: false,
        detail: `${name}: expected ${values.length} values, received ${received?.length ?? 'none'}`,
      };
    for (let i = 0; i < values.length; i++) {
      comparisons += 1;
      if (values[i] === received[i]) continue;
      if (!Number.isFinite(values[i]) || !Number.isFinite(received[i]))
        return { isRight: false, detail: `${name}[${i}]: expected ${values[i]}, received ${received[i]}` };
      worst = Math.max(worst, Math.abs(received[i] - values[i]) / Math.max(Math.abs(values[i]), 1e-300));
    }
  }
  return {
    isRight: comparisons > 0 && worst <= tolerance,
    detail: `largest relative difference ${worst.toExponential(1)} of ${comparisons}, allowed ${tolerance.toExponential(0)}`,
  };
}

/** Values that must be within `bound` of zero, e.g. the scores of a statistical test. */
export function compareScores(theirs, names, bound) {
  const values = names.flatMap((name) => theirs.observables?.[name] ?? [Number.NaN]);
  const worst = Math.max(...values.map(Math.abs));
  return { isRight: worst <= bound, detail: `largest score ${worst.toFixed(2)} of ${values.length}` };
}
