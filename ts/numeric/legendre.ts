// Gauss–Legendre rules.

interface Rule {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
}

const rules = new Map<number, Rule>();

/** Gauss–Legendre nodes and weights on [0, 1] (Newton on the three-term recurrence), computed once for every count. */
export function legendreRule(count: number): Rule {
  const known = rules.get(count);
  if (known !== undefined) return known;
  const rule = legendre(count);
  rules.set(count, rule);
  return rule;
}

function legendre(count: number): Rule {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let step = 0; step < 10; step++) {
      let previous = 1;
      let value = x;
      for (let n = 2; n <= count; n++) [previous, value] = [value, ((2 * n - 1) * x * value - (n - 1) * previous) / n];
      slope = (count * (x * value - previous)) / (x * x - 1);
      x -= value / slope;
    }
    nodes.push((1 + x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}
