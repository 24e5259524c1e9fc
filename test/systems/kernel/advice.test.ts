// What `advise` says of the inputs of a kernel: equal ones, the rank, the condition number, the largest stable rate.
import t from 'tap';
import { advise, evaluate, type Finding } from 'mft-native';

const inputs = Array.from({ length: 12 }, (_, i) =>
  Array.from({ length: 4 }, (_, k) => Math.sin(1 + 5 * i + 3 * k * i)),
);
const network = { activation: 'relu', depth: 2, weightVariance: 2, biasVariance: 0.1 } as const;
const found = async (spec: object) => {
  const { sections } = await advise({ system: 'kernel', ...network, ...spec } as never);
  const all = sections.flatMap(({ findings }) => (Array.isArray(findings) ? (findings as readonly Finding[]) : []));
  return new Map<string, Finding>(all.map((finding) => [finding.id, finding]));
};

t.test('the largest stable rate is that of the ensemble; the condition number is that of the kernel', async (t) => {
  const said = await found({ inputs });
  const { largestStableRate } = (await evaluate('kernel', 'ntkEnsemble', {
    ...network,
    inputs,
    targets: inputs.map(([x]) => x as number),
    testInputs: inputs.slice(0, 1),
    learningRate: 1e-3,
    time: 1,
  })) as never as { readonly largestStableRate: number };
  const rate = said.get('largestStableRate')?.evidence[0]?.value ?? 0;
  t.ok(Math.abs(rate / largestStableRate - 1) < 1e-10, `${rate} ${largestStableRate}`);
  const [number, least] = said.get('kernelConditioning')?.evidence ?? [];
  t.ok((number?.value ?? 0) > 1 && (number?.value ?? 0) < 1e6, `${number?.value}`);
  t.ok((least?.value ?? 0) > 0 && (least?.value ?? 1) < 1, `${least?.value}`);
  t.notOk(said.has('equalInputs'));
});

t.test('equal inputs and linear kernels are named', async (t) => {
  const twice = await found({ inputs: [...inputs, inputs[3]] });
  t.match(twice.get('equalInputs')?.claim, /Inputs 3, 12 are equal/);
  t.same(twice.get('kernelConditioning')?.evidence[0], { quantity: 'rank', value: 12 });
  const flat = await found({ inputs, activation: 'linear', biasVariance: 0 });
  t.same(flat.get('kernelConditioning')?.evidence[0], { quantity: 'rank', value: 4 });
  t.same(flat.get('kernelConditioning')?.severity, 'warning');
  t.notOk((await found({})).has('kernelConditioning'), 'a drawn pair is no data');
});
