// Standard normals: how many a second, and whether they are normal (a billion draws, moments and tails to six standard deviations).
import { compareScores } from '../runner/answers.mjs';

const tails = 6;

/** Two-sided probability of a Poisson count as far from its mean. */
function poissonTail(count, mean) {
  let term = Math.exp(-mean);
  let below = term;
  for (let k = 1; k <= count; k++) below += term *= mean / k;
  return 2 * Math.min(1, below, 1 - below + term);
}

/** z-scores of the long test; where fewer than a hundred are expected the counts are Poisson. */
function judgeMoments(answer, draws) {
  const scores = compareScores(answer, ['moments', 'neighbours', 'squaresOfNeighbours'], 5.5);
  const problems = [];
  for (const side of ['tailAbove', 'tailBelow']) {
    for (let k = 1; k <= tails; k++) {
      const expected = draws * upperTail(k);
      const score = Math.abs(answer.observables[side][k - 1]);
      const count = answer.observables[`${side}Count`][k - 1];
      if (expected >= 100 ? score > 5.5 : poissonTail(count, expected) < 1e-7)
        problems.push(`${side} ${k}: ${count}, expected ${expected.toPrecision(4)}`);
    }
  }
  const beyond = ['tailAboveCount', 'tailBelowCount'].map((name) => answer.observables[name][5]).join(' and ');
  return {
    isRight: scores.isRight && problems.length === 0,
    detail:
      `moments 1 to 8 and products ` +
      `of neighbours: ` +
      `${scores.detail}; beyond 6: ` +
      `${beyond}, expected ` +
      `${(draws * upperTail(6)).toFixed(2)} ` +
      `each; largest ` +
      `${answer.observables.largest[0].toFixed(2)}${problems.length > 0 ? `; WRONG ${problems.join(', ')}` : ''}`,
  };
}

/** P(x > k), k = 1..6. */
function upperTail(k) {
  return [
    0.15865525393145705, 0.022750131948179195, 0.0013498980316300933, 3.167124183311986e-5, 2.866515718791939e-7,
    9.865876450376981e-10,
  ][k - 1];
}

const draw = (name, program, precision, options = {}, isFor = (_, threads) => threads === 1) => ({
  name,
  program,
  precision,
  isOurs: name.startsWith('native'),
  options: () => ({ precision, ...options }),
  isFor: (own, threads) => own.kind === 'speed' && isFor(own, threads),
});

export const task = {
  name: 'random-normals',
  title: 'Standard normals',
  cases: (isQuick) => [
    { name: isQuick ? '1e7 draws' : '1e8 draws', options: { kind: 'speed', draws: isQuick ? 1e7 : 1e8 } },
    {
      name: isQuick ? 'moments of 1e7 draws' : 'moments of 1e9 draws',
      options: { kind: 'moments', draws: isQuick ? 1e7 : 1e9 },
    },
  ],
  reference: 'native float32',
  competitors: [
    draw('native float32', 'native.cc', 'float32'),
    draw('native float64', 'native.cc', 'float64'),
    draw('C++ std::normal_distribution', 'standard.cc', 'float32', { generator: 'standard' }),
    draw('C++ vectorised Box-Muller over a hash', 'standard.cc', 'float32', { generator: 'hashed' }),
    draw('PyTorch normal_', 'torch.py', 'float32'),
    draw('NumPy standard_normal', 'numpy.py', 'float32'),
    draw('tfjs randomNormal', 'tfjs.mjs', 'float32'),
    ...['float32', 'float64'].map((precision) => ({
      name: `native ${precision}, statistical test`,
      program: 'moments.cc',
      precision,
      isOurs: true,
      options: () => ({ precision }),
      isFor: ({ kind }) => kind === 'moments',
    })),
  ],
  expected: async () => ({}),
  isRight: (_, answer, { kind, draws }) => {
    if (kind === 'moments') return judgeMoments(answer, Math.floor(draws / 4096) * 4096);
    const [count, mean, square] = answer.observables.sample ?? [];
    const score = Math.max(Math.abs(mean) * Math.sqrt(count), Math.abs(square - 1) * Math.sqrt(count / 2));
    return {
      isRight: score < 5.5,
      detail: `mean and variance of a sample of ${count}: largest |z| ${score.toFixed(2)}`,
    };
  },
  limit: ({ kind, draws }, { precision, isOurs }, limits) =>
    isOurs && kind === 'speed'
      ? {
          limit: `our normals ${((precision === 'float32' ? limits.normalsFloat32 : limits.normalsFloat64) / 1e9).toFixed(2)}e9/s`,
          seconds: draws / (precision === 'float32' ? limits.normalsFloat32 : limits.normalsFloat64),
        }
      : undefined,
};
