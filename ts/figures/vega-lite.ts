// What all figures share: schema, fonts, colours.
import type { VegaLiteFigure } from '../core/system.js';

/** Colour-blind-safe line colours (Okabe–Ito, darkest first). */
export const palette: readonly string[] = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000', '#F0E442'];

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

/** A title entry, or nothing. */
export function titled(title: string | undefined): Readonly<Record<string, unknown>> {
  return title === undefined ? {} : { title: { text: title, fontSize: 14, anchor: 'start' } };
}
