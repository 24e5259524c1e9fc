import t from 'tap';
import {
  activationCatalogue,
  canonicalActivation,
  evaluateActivation,
  resolveActivation,
  type ActivationSpec,
} from '../../dist/gaussian/activations.js';

const withParameters: Record<string, ActivationSpec> = {
  alphaRelu: { name: 'alphaRelu', alpha: 0.75 },
  abRelu: { name: 'abRelu', a: -0.5, b: 2 },
  rectifiedMonomial: { name: 'rectifiedMonomial', degree: 3 },
};
const specOf = (name: string): ActivationSpec => withParameters[name] ?? (name as ActivationSpec);

t.test('the facts of the catalogue are what the native code computes', async (t) => {
  for (const name of Object.keys(activationCatalogue)) {
    const { facts } = resolveActivation(specOf(name));
    const at = (x: number, order: 0 | 1 | 2): number =>
      evaluateActivation(specOf(name), Float64Array.of(x), order)[0] as number;
    const near = (a: number, b: number | null): boolean => b !== null && (a === b || Math.abs(a - b) < 1e-14);
    t.ok(near(at(0, 0), facts.valueAtZero), `${name}(0)`);
    t.ok(near(at(-1e-300, 1), facts.derivativeBelowZero), `${name}'(0-)`);
    if (facts.derivativeAboveZero === Infinity) t.ok(at(1e-300, 1) > 1e50, `${name}'(0+) is infinite`);
    else t.ok(near(at(1e-300, 1), facts.derivativeAboveZero), `${name}'(0+)`);
    if (facts.secondDerivativeAtZero !== null) t.ok(near(at(0, 2), facts.secondDerivativeAtZero), `${name}''(0)`);
    for (const [x, limit] of [
      [-1e300, facts.limitBelow],
      [1e300, facts.limitAbove],
    ] as const) {
      if (limit === null) continue;
      const value = at(x, 0);
      t.ok(
        Number.isFinite(limit)
          ? Math.abs(value - limit) < 1e-14
          : Math.sign(value) === Math.sign(limit) && Math.abs(value) > 1e20,
        `${name} at ${x}`,
      );
    }
    for (const x of [0.3, 1.7, 12]) {
      t.equal(at(-x, 0) === -at(x, 0), facts.isOdd, `${name} is ${facts.isOdd ? '' : 'not '}odd at ${x}`);
      if (facts.homogeneousDegree === null) continue;
      const degree = facts.homogeneousDegree;
      for (const z of [x, -x])
        t.ok(
          Math.abs(at(2 * z, 0) - 2 ** degree * at(z, 0)) <= 1e-14 * Math.abs(at(2 * z, 0)),
          `${name} is homogeneous`,
        );
    }
    const jumps = facts.kinks.some((kink) => Math.abs(at(kink - 1e-9, 1) - at(kink + 1e-9, 1)) > 1e-3);
    if (facts.hasContinuousDerivative) t.notOk(jumps, `${name}' does not jump`);
    else if (facts.isContinuous) t.ok(jumps, `${name}' jumps at a kink`);
  }
});

t.test('an expression equals the catalogue', async (t) => {
  const twins: Record<string, string> = {
    tanh: 'tanh(x)',
    erf: 'erf(x)',
    erfUnitSlope: 'erf(sqrt(pi) * x / 2)',
    relu: 'relu(x)',
    hardTanh: 'max(min(x, 1), -1)',
    sigmoid: 'sigmoid(x)',
    softplus: 'softplus(x)',
    silu: 'x * sigmoid(x)',
    sin: 'sin(x)',
    cos: 'cos(x)',
    abs: 'abs(x)',
    sign: 'sign(x)',
    step: 'step(x)',
    linear: 'x',
    gelu: 'x * (1 + erf(x / sqrt(2))) / 2',
    elu: 'max(x, 0) + expm1(min(x, 0))',
    selu: '1.0507009873554804934 * (max(x, 0) + 1.6732632423543772848 * expm1(min(x, 0)))',
    leakyRelu: 'max(x, 0.01 * x)',
    alphaRelu: 'relu(x)^0.75',
    rectifiedMonomial: 'relu(x)^3',
    abRelu: '2 * relu(x) + 0.5 * relu(-x)',
    prelu: 'max(x, 0.25 * x)',
    relu6: 'min(max(x, 0), 6)',
    hardSigmoid: 'min(max(x / 6 + 0.5, 0), 1)',
    hardSwish: 'x * min(max(x + 3, 0), 6) / 6',
    mish: 'x * tanh(softplus(x))',
    swish: 'x * sigmoid(x)',
    softsign: 'x / (1 + abs(x))',
    celu: 'max(x, 0) + expm1(min(x, 0))',
    snake: 'x + sin(x)^2',
  };
  const z = Float64Array.from({ length: 201 }, (_, i) => (i - 100.37) / 20);
  for (const [name, expression] of Object.entries(twins)) {
    for (const order of [0, 1, 2] as const) {
      const named = evaluateActivation(specOf(name), z, order);
      const own = evaluateActivation({ expression, kinks: [] }, z, order);
      const worst = Math.max(...named.map((value, i) => Math.abs(value - (own[i] as number)) / (1 + Math.abs(value))));
      if (name === 'alphaRelu' && order > 0) continue; // 0^-0.25 below zero is what the text says
      t.ok(worst < 1e-14, `${name} order ${order}: ${worst}`);
    }
  }
});

t.test('canonical forms', async (t) => {
  t.equal(canonicalActivation({ name: 'tanh' }), 'tanh');
  t.same(canonicalActivation('leakyRelu'), { name: 'leakyRelu', slope: 0.01 });
  t.same(canonicalActivation({ name: 'elu', alpha: 2 }), { name: 'elu', alpha: 2 });
  const own = canonicalActivation({ expression: 'x*sigmoid((1.702*x))' });
  t.same(own, { expression: 'x * sigmoid(1.702 * x)', kinks: [] });
  const kinked = canonicalActivation({ expression: 'relu(x-1)', kinks: [2, -0, 1] });
  t.same(kinked, { expression: 'relu(x - 1)', kinks: [0, 1, 2] });
  for (const spec of [own, kinked]) t.same(canonicalActivation(spec), spec, 'canonical forms are fixed points');
  t.same(structuredClone(resolveActivation(own)), resolveActivation(own), 'a resolved activation is plain data');
  t.equal(resolveActivation({ expression: 'x * tanh(x^2)' }).isOdd, true);
  t.match(resolveActivation({ expression: 'x * sigmoid(1.702 * x)' }).facts, {
    valueAtZero: 0,
    derivativeBelowZero: 0.5,
    derivativeAboveZero: 0.5,
    secondDerivativeAtZero: 0.851,
  });
});

t.test('the forms of plain activations are their formulas', async (t) => {
  const z = Float64Array.from({ length: 201 }, (_, i) => (i - 100.37) / 20);
  const twins: [ActivationSpec, string][] = [
    [{ name: 'gelu', approximate: 'tanh' }, 'x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2'],
    [{ name: 'softplus', beta: 5 }, 'softplus(5 * x) / 5'],
    [{ name: 'hardTanh', min: -0.5, max: 2 }, 'min(max(x, -0.5), 2)'],
    [{ name: 'swish', beta: 1.5 }, 'x * sigmoid(1.5 * x)'],
    [{ name: 'celu', alpha: 0.5 }, 'max(x, 0) + 0.5 * expm1(min(x, 0) / 0.5)'],
    [{ name: 'snake', alpha: 2 }, 'x + sin(2 * x)^2 / 2'],
    [{ name: 'hardSigmoid', slope: 0.2 }, 'min(max(0.2 * x + 0.5, 0), 1)'],
  ];
  for (const [spec, expression] of twins) {
    for (const order of [0, 1, 2] as const) {
      const named = evaluateActivation(spec, z, order);
      const own = evaluateActivation({ expression }, z, order);
      const worst = Math.max(...named.map((value, i) => Math.abs(value - (own[i] as number)) / (1 + Math.abs(value))));
      t.ok(worst < 1e-13, `${expression} order ${order}: ${worst}`);
    }
  }
  t.equal(canonicalActivation({ name: 'softplus', beta: 1 }), 'softplus');
  t.equal(canonicalActivation({ name: 'hardTanh', min: -1, max: 1 }), 'hardTanh');
  t.equal(canonicalActivation({ name: 'gelu', approximate: 'none' }), 'gelu');
  t.same(canonicalActivation('swish'), { name: 'swish', beta: 1 });
  for (const [spec] of twins) t.same(canonicalActivation(canonicalActivation(spec)), canonicalActivation(spec));
});

t.test('what is refused', async (t) => {
  const cases: [unknown, string, RegExp][] = [
    ['tahn', 'ERR_MFT_INVALID_ARGUMENT', /did you mean `tanh`/],
    ['', 'ERR_MFT_INVALID_ARGUMENT', /Unknown activation/],
    ['identity', 'ERR_MFT_INVALID_ARGUMENT', /here it is `linear`/],
    ['leaky_relu', 'ERR_MFT_INVALID_ARGUMENT', /here it is `leakyRelu`/],
    ['gelu_fast', 'ERR_MFT_INVALID_ARGUMENT', /\{name: 'gelu', approximate: 'tanh'\}/],
    ['rrelu', 'ERR_MFT_INVALID_ARGUMENT', /\{name: 'leakyRelu', slope: 0.22917\}, the mean/],
    ['symlog', 'ERR_MFT_INVALID_ARGUMENT', /sign\(x\) \* log1p\(abs\(x\)\)/],
    [{ name: 'sin', w0: 30 }, 'ERR_MFT_INVALID_ARGUMENT', /\{expression: 'sin\(30 \* x\)'\} with your frequency/],
    [{ name: 'relu', max_value: 6 }, 'ERR_MFT_INVALID_ARGUMENT', /\{name: 'hardTanh', min: 0, max: \.\.\.\}/],
    [{ name: 'relu', inplace: true }, 'ERR_MFT_INVALID_ARGUMENT', /leave it out: it is about memory/],
    [{ name: 'silu', beta: 1.5 }, 'ERR_MFT_INVALID_ARGUMENT', /\{name: 'swish', beta: \.\.\.\}/],
    [{ name: 'softplus', threshold: 20 }, 'ERR_MFT_INVALID_ARGUMENT', /within rounding of float32/],
    [{ expression: 'np.tanh(x)' }, 'ERR_MFT_INVALID_ARGUMENT', /write functions without the name of a module/],
    [{ expression: 'where(x > 0, x, 0)' }, 'ERR_MFT_INVALID_ARGUMENT', /write `step\(x\)`/],
    [{ expression: 'sigmoid(1.702x)' }, 'ERR_MFT_INVALID_ARGUMENT', /write `\*` between factors/],
    [{ expression: 'softshrink(x)' }, 'ERR_MFT_INVALID_ARGUMENT', /write `relu\(x - 0\.5\)/],
    ['quick_gelu', 'ERR_MFT_INVALID_ARGUMENT', /\{name: 'swish', beta: 1.702\}/],
    ['softmax', 'ERR_MFT_INVALID_ARGUMENT', /acts on several units at once/],
    ['squareplus', 'ERR_MFT_INVALID_ARGUMENT', /expression: '\(x \+ sqrt\(x\^2 \+ 4\)\) \/ 2'/],
    [{ expression: 'x ** 2' }, 'ERR_MFT_INVALID_ARGUMENT', /received "\*\*" at position 3; write `\^`/],
    [{ expression: '|x|' }, 'ERR_MFT_INVALID_ARGUMENT', /write `abs\(x\)`/],
    [{ expression: 'x²' }, 'ERR_MFT_INVALID_ARGUMENT', /write `x\^2`/],
    ['logsigmoid', 'ERR_MFT_INVALID_ARGUMENT', /expression: '-softplus\(-x\)'/],
    [{ name: 'leakyRelu', negative_slope: 0.2 }, 'ERR_MFT_INVALID_ARGUMENT', /here it is `slope`/],
    [{ name: 'leakyRelu', alpha: 0.2 }, 'ERR_MFT_INVALID_ARGUMENT', /here it is `slope`/],
    [{ name: 'hardTanh', min_val: -2 }, 'ERR_MFT_INVALID_ARGUMENT', /here it is `min`/],
    [{ name: 'hardTanh', min: 2, max: 1 }, 'ERR_MFT_OUT_OF_RANGE', /above min 2/],
    [{ name: 'gelu', approximate: 'erf' }, 'ERR_MFT_INVALID_ARGUMENT', /one of none, tanh/],
    [{ name: 'tanh', beta: 2 }, 'ERR_MFT_INVALID_ARGUMENT', /no parameters. Any other function is an \{expression/],
    [{ name: 'softplus', beta: 0 }, 'ERR_MFT_OUT_OF_RANGE', /activation.beta/],
    [{ expression: 'ln(x)' }, 'ERR_MFT_INVALID_ARGUMENT', /write `log`/],
    [{ expression: 'x * Phi(x)' }, 'ERR_MFT_INVALID_ARGUMENT', /write `\(1 \+ erf/],
    ['constructor', 'ERR_MFT_INVALID_ARGUMENT', /Unknown activation/],
    [Math.tanh, 'ERR_MFT_INVALID_ARGUMENT', /the function tanh; use \{expression/],
    [{ value: Math.tanh, derivative: Math.cos, kinks: [] }, 'ERR_MFT_INVALID_ARGUMENT', /an object of functions/],
    [{}, 'ERR_MFT_INVALID_ARGUMENT', /a name, \{name/],
    [3, 'ERR_MFT_INVALID_ARGUMENT', /a name, \{name/],
    [null, 'ERR_MFT_INVALID_ARGUMENT', /a name, \{name/],
    ['alphaRelu', 'ERR_MFT_INVALID_ARGUMENT', /activation.alpha/],
    [{ name: 'alphaRelu', alpha: 0 }, 'ERR_MFT_OUT_OF_RANGE', /activation.alpha/],
    [{ name: 'elu', alpha: Number.NaN }, 'ERR_MFT_OUT_OF_RANGE', /activation.alpha/],
    [{ name: 'elu', alhpa: 2 }, 'ERR_MFT_INVALID_ARGUMENT', /did you mean `alpha`/],
    [{ expression: 3 }, 'ERR_MFT_INVALID_ARGUMENT', /a text/],
    [{ expression: 'x', kinks: [Number.NaN] }, 'ERR_MFT_INVALID_ARGUMENT', /finite numbers/],
    [{ expression: 'x', kink: [] }, 'ERR_MFT_INVALID_ARGUMENT', /did you mean `kinks`/],
  ];
  for (const [spec, code, message] of cases)
    t.throws(() => canonicalActivation(spec), { code, message }, message.source);
});

t.test('the addon checks programs that do not come from here', async (t) => {
  const good = resolveActivation({ expression: 'x + 1' });
  const bad = {
    ...good,
    programs: {
      ...(good.programs as object),
      value: { operations: Float64Array.of(2), constants: new Float64Array() },
    },
  } as unknown as typeof good;
  t.throws(() => evaluateActivation(bad, new Float64Array(3)), { code: 'ERR_MFT_INVALID_ARGUMENT' });
  t.throws(() => evaluateActivation({ ...good, kind: 32 }, new Float64Array(3)), { code: 'ERR_MFT_OUT_OF_RANGE' });
});
