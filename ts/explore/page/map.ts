// The map: a quantity over two fields of the spec, the network's own place in it.
import * as Plot from '@observablehq/plot';
import type { Knob, MapAnswer, State, SystemPage } from '../protocol.js';
import { ask, isAbort } from './ask.js';
import { element } from './element.js';

/** A coarse map at once, then a finer one. */
const counts = [8, 24];

export interface MapPanel {
  /** Shows the map of a state: what the two fields do not change is computed once. */
  readonly show: (state: State) => void;
}

/** The panel of a system that has a map; `choice` gets its three lists. */
export function mapPanel(choice: HTMLElement, into: HTMLElement, page: SystemPage): MapPanel | undefined {
  const { knobs, mapped, axes } = page;
  const numbers = knobs.filter(({ kind }) => kind === 'number').map(({ field }) => field);
  choice.replaceChildren();
  into.replaceChildren();
  if (axes === undefined || mapped.length === 0) return undefined;
  const preferred = mapped.find((name) => /^depthScaleCorrelation$|timescale/i.test(name)) ?? (mapped[0] as string);
  const list = (label: string, words: readonly string[], value: string): HTMLSelectElement => {
    const made = element('select', { 'aria-label': label }, ...words.map((word) => element('option', {}, word)));
    made.value = value;
    made.addEventListener('input', () => draw());
    return made;
  };
  const quantity = list('quantity of the map', mapped, preferred);
  const x = list('field to the right', numbers, axes[0]);
  const y = list('field upwards', numbers, axes[1]);
  choice.append(quantity, ' over ', x, ' and ', y);
  let state: State | undefined;
  let drawn: { readonly key: string; readonly answer: MapAnswer } | undefined;
  const place = (field: string): number =>
    Number(state?.spec[field] ?? knobs.find((knob) => knob.field === field)?.byDefault);
  const draw = (): void => {
    if (state === undefined || x.value === y.value) return;
    const { [x.value]: _, [y.value]: __, ...rest } = state.spec;
    const key = JSON.stringify([rest, quantity.value, x.value, y.value]);
    if (drawn?.key === key) {
      into.replaceChildren(heatMap(drawn.answer, place(x.value), place(y.value)));
      return;
    }
    into.classList.add('busy');
    void fill(key, { system: state.system, spec: rest });
  };
  const fill = async (key: string, asked: State): Promise<void> => {
    try {
      for (const count of counts) {
        const given = [x.value, y.value].map((field) =>
          axis(knobs.find((knob) => knob.field === field) as Knob, count),
        );
        const answer = await ask<MapAnswer>('map', { ...asked, axes: given, quantity: quantity.value });
        drawn = { key, answer };
        into.replaceChildren(heatMap(answer, place(x.value), place(y.value)));
      }
      into.classList.remove('busy');
    } catch (error) {
      if (isAbort(error)) return;
      into.classList.remove('busy');
      into.replaceChildren(element('p', {}, error instanceof Error ? error.message : String(error)));
    }
  };
  return {
    show: (next) => {
      state = next;
      draw();
    },
  };
}

const axis = ({ field, low = 0, high = 1 }: Knob, count: number) => ({ field, low, high, count });

function heatMap({ x, y, quantity, values }: MapAnswer, atX: number, atY: number): SVGSVGElement | HTMLElement {
  const half = (list: readonly number[]): number => ((list.at(-1) ?? 1) - (list[0] ?? 0)) / (list.length - 1) / 2;
  const [dx, dy] = [half(x.values), half(y.values)];
  const cells = values.map((value, i) => ({
    value,
    x: x.values[Math.floor(i / y.values.length)] as number,
    y: y.values[i % y.values.length] as number,
  }));
  const known = cells.filter(({ value }) => value !== null);
  const numbers = known.flatMap(({ value }) => (typeof value === 'number' ? [value] : []));
  const isLog = numbers.length > 0 && Math.min(...numbers) > 0 && Math.max(...numbers) / Math.min(...numbers) > 50;
  return Plot.plot({
    width: 520,
    height: 360,
    marginLeft: 52,
    ariaLabel: `${quantity} over ${x.field} and ${y.field}; the network is at ${atX}, ${atY}`,
    x: { label: x.field },
    y: { label: y.field },
    color: {
      legend: true,
      label: quantity,
      ...(numbers.length > 0 ? { scheme: 'viridis', type: isLog ? 'log' : 'linear' } : {}),
    },
    marks: [
      Plot.rect(known, {
        x1: (d) => d.x - dx,
        x2: (d) => d.x + dx,
        y1: (d) => d.y - dy,
        y2: (d) => d.y + dy,
        fill: 'value',
        shapeRendering: 'crispEdges',
        title: (d) => `${x.field} ${d.x.toPrecision(3)}, ${y.field} ${d.y.toPrecision(3)}: ${d.value}`,
      }),
      Plot.dot([{}], { x: () => atX, y: () => atY, r: 6, fill: 'white', stroke: 'black', strokeWidth: 2, clip: true }),
    ],
  });
}
