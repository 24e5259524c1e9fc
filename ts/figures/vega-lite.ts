// What all figures share: schema, fonts, colours.
import type { VegaLiteFigure } from '../core/system.js';

/** Colour-blind-safe line colours (Okabe–Ito, darkest first). */
export const palette: readonly string[] = [
  '#0072B2',
  '#D55E00',
  '#009E73',
  '#CC79A7',
  '#E69F00',
  '#56B4E9',
  '#000000',
  '#F0E442',
];

/** A Vega-Lite specification with the look of the package. */
export function figure(body: Readonly<Record<string, unknown>>): VegaLiteFigure {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    config: {
      font: 'DejaVu Sans, Helvetica, Arial, sans-serif',
      view: { stroke: '#cccccc' },
      axis: { gridColor: '#eeeeee', labelFontSize: 10, titleFontSize: 11, titleFontWeight: 'normal' },
      title: { fontSize: 12, fontWeight: 'normal' },
      legend: { labelFontSize: 10, titleFontSize: 10 },
    },
    ...body,
  };
}

/** A title entry, or nothing; broken into lines that fit above a plot of that width. */
export function titled(title: string | undefined, width = 720): Readonly<Record<string, unknown>> {
  return title === undefined
    ? {}
    : { title: { text: lines(title, Math.max(24, Math.floor(width / 9))), fontSize: 14, anchor: 'start' } };
}

function lines(text: string, longest: number): string | string[] {
  const result: string[] = [];
  for (const word of text.split(' ')) {
    const last = result.at(-1);
    if (last === undefined || last.length + word.length + 1 > longest) result.push(word);
    else result[result.length - 1] = `${last} ${word}`;
  }
  return result.length === 1 ? text : result;
}
