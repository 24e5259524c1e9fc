// What was asked before, by its numbers: an open table of doubles, so that remembering leaves no objects behind.
import type { Question } from './integrand.js';

const kinds: Readonly<Record<Question['what'], number>> = { moment: 1, pair: 2, deficit: 3 };
/** Doubles of a key: the kind (0 where a slot is free), five powers, three arguments. */
const perKey = 9;
const [fewestSlots, mostSlots] = [64, 2 ** 14] as const;
/** Slots are taken one after the other from where a key belongs: beyond three quarters full the way is long. */
const fullest = 0.75;

const key = new Float64Array(perKey);
const words = new Uint32Array(key.buffer);

function setKey({ what, integrand, varianceA, varianceB, oneMinusCorrelation }: Question): void {
  key[0] = kinds[what];
  key[1] = integrand.value ?? 0;
  key[2] = integrand.first ?? 0;
  key[3] = integrand.second ?? 0;
  key[4] = integrand.argument ?? 0;
  key[5] = integrand.isAbsolute === true ? 1 : 0;
  // −0 and 0 are the same question.
  key[6] = varianceA + 0;
  key[7] = varianceB + 0;
  key[8] = oneMinusCorrelation + 0;
}

/** FNV-1a over the words of the key, its high bits folded in. */
function hashOfKey(): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < 2 * perKey; i++) hash = Math.imul(hash ^ (words[i] as number), 0x01000193) ^ (hash >>> 15);
  return (hash ^ (hash >>> 13)) >>> 0;
}

interface Table {
  readonly keys: Float64Array;
  readonly values: Float64Array;
  readonly slots: number;
  used: number;
}

const table = (slots: number): Table => ({
  keys: new Float64Array(perKey * slots),
  values: new Float64Array(slots),
  slots,
  used: 0,
});

/** The slot of the key: where it stands, or the free one where it belongs. */
function slotOf({ keys, slots }: Table): number {
  let slot = hashOfKey() & (slots - 1);
  for (; keys[perKey * slot] !== 0; slot = (slot + 1) & (slots - 1)) {
    let i = 0;
    while (i < perKey && keys[perKey * slot + i] === key[i]) i++;
    if (i === perKey) break;
  }
  return slot;
}

function put(into: Table, value: number): void {
  const slot = slotOf(into);
  into.keys.set(key, perKey * slot);
  into.values[slot] = value;
  into.used++;
}

/** Twice the slots with the same answers; beyond the most none of them is kept. */
function larger(old: Table): Table {
  if (old.slots >= mostSlots) return table(fewestSlots);
  const made = table(2 * old.slots);
  for (let slot = 0; slot < old.slots; slot++) {
    if (old.keys[perKey * slot] === 0) continue;
    key.set(old.keys.subarray(perKey * slot, perKey * (slot + 1)));
    put(made, old.values[slot] as number);
  }
  return made;
}

/** Remembers answers; forgets all of them when there are too many (12,288, in 1.3 MB). */
export function cached(ask: (question: Question) => number): (question: Question) => number {
  let known = table(fewestSlots);
  return (question) => {
    setKey(question);
    const slot = slotOf(known);
    if (known.keys[perKey * slot] !== 0) return known.values[slot] as number;
    const answer = ask(question);
    if (known.used >= fullest * known.slots) known = larger(known);
    // A user's function may have asked questions of its own meanwhile.
    setKey(question);
    put(known, answer);
    return answer;
  };
}
