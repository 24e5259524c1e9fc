// Rendering of figures to SVG and PNG. Vega, Vega-Lite and resvg are loaded when used; they are optional.
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { plainCopy } from '../core/copy.js';
import { expectedError, MftError } from '../core/errors.js';
import { choiceField, numberField } from '../core/fields.js';
import type { VegaLiteFigure } from '../core/system.js';

export interface RenderOptions {
  /** 'svg' text or 'png' bytes. Default 'svg'. */
  readonly format?: 'svg' | 'png';
  /** Pixels per figure unit of a PNG. Default 2. */
  readonly scale?: number;
}

/**
 * Renders a Vega-Lite figure without a browser.
 *
 * @param figure any Vega-Lite specification whose data is inline (nothing is fetched)
 * @param options `format`: svg (default) or png; scale
 * @returns SVG text, or PNG bytes
 * @throws MftError ERR_MFT_MISSING_PEER when vega, vega-lite or resvg is not installed
 *
 * **Numerics**: Vega draws the numbers of the figure; nothing is resampled.
 * **Source**: Vega-Lite 5, Vega and resvg.
 *
 * @example
 * import { figureCurves, render } from 'mft-native';
 * const svg = await render(figureCurves([{ x: 0, y: 0 }, { x: 1, y: 1 }], { x: 'x', y: 'y' }));
 */
export async function render(
  figure: VegaLiteFigure,
  options?: RenderOptions & { readonly format?: 'svg' },
): Promise<string>;
export async function render(
  figure: VegaLiteFigure,
  options: RenderOptions & { readonly format: 'png' },
): Promise<Uint8Array>;
export async function render(figure: VegaLiteFigure, options: RenderOptions = {}): Promise<string | Uint8Array> {
  const { format, scale } = parse(renderOptions, options, 'options');
  const copy = plainCopy(figure, 'figure');
  if (typeof copy !== 'object' || copy === null || Array.isArray(copy))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'figure', 'a Vega-Lite specification', copy);
  const svg = await toSvg(copy);
  if (format !== 'png') return svg;
  const { Resvg } = await optional<{
    Resvg: new (svg: string, options: object) => { render(): { asPng(): Uint8Array } };
  }>('@resvg/resvg-js');
  return new Resvg(svg, {
    fitTo: { mode: 'zoom', value: scale },
    font: { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans' },
  })
    .render()
    .asPng();
}

const renderOptions = z.strictObject({
  format: choiceField(['svg', 'png'], 'SVG text or PNG bytes.').default('svg'),
  scale: numberField({ low: 0, high: 64, above: true }, 'Pixels per unit of a PNG.').default(2),
});

interface Vega {
  readonly parse: (specification: unknown) => unknown;
  readonly View: new (runtime: unknown, options: object) => { toSVG(): Promise<string>; finalize(): void };
  readonly Warn: number;
  readonly loader: () => { load: (uri: string) => Promise<string> };
}

async function toSvg(figure: VegaLiteFigure): Promise<string> {
  const vega = await optional<Vega>('vega');
  const vegaLite = await optional<{ compile: (specification: unknown) => { spec: unknown } }>('vega-lite');
  const loader = vega.loader();
  loader.load = (uri) =>
    Promise.reject(
      new MftError(
        'ERR_MFT_INVALID_ARGUMENT',
        `Figures hold their data inline; this one asks for ${uri.slice(0, 80)}.`,
        { parameter: 'figure' },
      ),
    );
  const compiled = drawn(() => vega.parse(vegaLite.compile(figure).spec));
  const view = new vega.View(compiled, { renderer: 'none', loader });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** What Vega-Lite makes of a figure; what it cannot read is the caller's. */
function drawn<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    // A TypeError is of Vega-Lite's own code, where it takes a part for granted.
    const own = cause instanceof TypeError ? 'a part of it is missing or is none that Vega-Lite knows.' : undefined;
    const why = own ?? (cause instanceof Error ? cause.message : String(cause));
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', `Expected \`figure\` to be a Vega-Lite specification: ${why}`, {
      parameter: 'figure',
      cause,
    });
  }
}

async function optional<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (cause) {
    throw new MftError(
      'ERR_MFT_MISSING_PEER',
      `Rendering needs the optional package ${name}: npm install vega vega-lite @resvg/resvg-js`,
      { parameter: name, cause },
    );
  }
}
