// The knobs: a slider and a number, a list, a switch or a text for every field of the spec.
import type { Knob } from '../protocol.js';
import { element } from './element.js';

type Changed = (field: string, value: unknown) => void;

const sliderSteps = 400;

/** The form of a system's fields; `onChange` is told a value, or undefined where a field has its default again. */
export function showKnobs(
  form: HTMLElement,
  knobs: readonly Knob[],
  given: Readonly<Record<string, unknown>>,
  onChange: Changed,
): void {
  form.replaceChildren(
    ...knobs.map((knob) => {
      const row = element('div', { class: given[knob.field] === undefined ? 'knob' : 'knob changed' });
      const changed: Changed = (field, value) => {
        row.classList.toggle('changed', value !== undefined);
        onChange(field, value);
      };
      row.append(
        element('label', { for: `knob-${knob.field}`, title: knob.about }, label(knob)),
        ...controls(knob, given[knob.field] ?? knob.byDefault, changed),
      );
      return row;
    }),
  );
}

const label = ({ field, symbol }: Knob): string => (symbol === undefined ? field : `${symbol}, ${field}`);

function controls(knob: Knob, value: unknown, changed: Changed): HTMLElement[] {
  const id = `knob-${knob.field}`;
  const report = (given: unknown): void => changed(knob.field, given === knob.byDefault ? undefined : given);
  if (knob.kind === 'boolean') {
    const box = element('input', { id, type: 'checkbox' });
    box.checked = value === true;
    box.addEventListener('input', () => report(box.checked));
    return [box];
  }
  if (knob.kind === 'choice' && (typeof value === 'string' || value === null)) {
    const words = knob.words ?? [];
    const list = element('select', { id }, ...words.map((word) => element('option', {}, word)));
    if (typeof value === 'string' && !words.includes(value)) list.append(element('option', {}, value));
    list.value = String(value);
    list.addEventListener('input', () => report(list.value));
    return [list];
  }
  if (knob.kind !== 'number' && knob.kind !== 'whole') return textControl(id, knob, value, report);
  if (typeof value !== 'number') return textControl(id, knob, value, report);
  return numberControls(id, knob, value, report);
}

/** JSON, or a word: whatever a field takes. */
function textControl(id: string, knob: Knob, value: unknown, report: (value: unknown) => void): HTMLElement[] {
  const field = element('input', {
    id,
    class: 'wide',
    title: knob.expected,
    value: value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value),
  });
  field.addEventListener('change', () => {
    const text = field.value.trim();
    try {
      report(text === '' ? undefined : JSON.parse(text));
    } catch {
      report(text);
    }
  });
  return [field];
}

function numberControls(id: string, knob: Knob, value: number, report: (value: unknown) => void): HTMLElement[] {
  const { low = 0, high = 1, isLog = false, kind } = knob;
  const place = (x: number): number =>
    isLog ? (Math.log(x / low) / Math.log(high / low)) * sliderSteps : ((x - low) / (high - low)) * sliderSteps;
  const at = (step: number): number => {
    const exact = isLog ? low * (high / low) ** (step / sliderSteps) : low + ((high - low) * step) / sliderSteps;
    return kind === 'whole' ? Math.round(exact) : Number(exact.toPrecision(3));
  };
  const slider = element('input', {
    id,
    type: 'range',
    min: 0,
    max: sliderSteps,
    value: place(value),
    'aria-valuetext': value,
  });
  const box = element('input', { type: 'number', step: 'any', value, 'aria-label': `${knob.field}, exact` });
  slider.addEventListener('input', () => {
    const chosen = at(slider.valueAsNumber);
    box.value = String(chosen);
    slider.setAttribute('aria-valuetext', String(chosen));
    report(chosen);
  });
  box.addEventListener('input', () => {
    if (!Number.isFinite(box.valueAsNumber)) return;
    slider.value = String(place(box.valueAsNumber));
    slider.setAttribute('aria-valuetext', box.value);
    report(box.valueAsNumber);
  });
  return [slider, box];
}
