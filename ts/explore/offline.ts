// One file that opens without a server: what theory and advice say at the points of a grid.
import { type ControlOptions, throwIfAborted, ticker } from '../core/control.js';
import { toJson } from '../core/codec.js';
import { expectedError, MftError } from '../core/errors.js';
import { info } from '../core/fields.js';
import { loadSystem } from '../systems/registry.js';
import { adviceFor, answerFor } from './answers.js';
import { pageBody, pageScript, pageStyle } from './page-files.js';
import type { Knob, Offline, State } from './protocol.js';
import type * as z from 'zod';

/** Values of one field. */
interface OfflineAxis {
  readonly field: string;
  readonly values: readonly (number | string)[];
}

/** A page of this many networks has some ten megabytes. */
const mostPoints = 1000;

/**
 * The page as one HTML text.
 *
 * @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT for no axes or an unknown field, ERR_MFT_OUT_OF_RANGE for too many points
 */
export async function offlinePage(
  state: State,
  axes: readonly OfflineAxis[],
  control: ControlOptions = {},
): Promise<string> {
  const system = await loadSystem(state.system);
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  if (axes.length === 0) throw expectedError('ERR_MFT_INVALID_ARGUMENT', '--axis', 'at least one axis', axes);
  if (count > mostPoints)
    throw expectedError('ERR_MFT_OUT_OF_RANGE', '--axis', `a grid of at most ${mostPoints} points`, count);
  const knobs = axes.map(({ field, values }): Knob => {
    const about = Object.hasOwn(system.specSchema.shape, field)
      ? info(system.specSchema.shape[field] as z.ZodType)
      : undefined;
    if (about === undefined)
      throw expectedError('ERR_MFT_INVALID_ARGUMENT', '--axis', `a field of the spec of ${system.name}`, field);
    const symbol = about.symbol === undefined ? {} : { symbol: about.symbol };
    const words = values.map(String);
    return { field, kind: 'choice', about: about.description, expected: '', words, byDefault: words[0], ...symbol };
  });
  throwIfAborted(control);
  const tick = ticker(count, control, 'explore');
  const points: Offline['points'][number][] = [];
  for (let place = 0; place < count; place++) {
    await tick(place);
    points.push(await pointOf({ ...state, spec: { ...state.spec, ...fieldsAt(axes, place) } }, control));
  }
  const page = { system: system.name, title: system.title, knobs, mapped: [] };
  const data: Offline = { page, state: { system: system.name, spec: {} }, axes, points };
  return html(JSON.stringify(toJson(data), rounded));
}

/** Five digits are more than a drawing shows. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(6)) : value;

function fieldsAt(axes: readonly OfflineAxis[], place: number): Record<string, number | string> {
  const fields: Record<string, number | string> = {};
  let rest = place;
  for (const { field, values } of [...axes].reverse()) {
    fields[field] = values[rest % values.length] as number | string;
    rest = Math.floor(rest / values.length);
  }
  return fields;
}

/** A network that is refused says why, where the others stand. */
async function pointOf(state: State, control: ControlOptions): Promise<Offline['points'][number]> {
  try {
    return { answer: await answerFor(state, control), advice: await adviceFor(state, control) };
  } catch (error) {
    if (!(error instanceof MftError)) throw error;
    return { answer: { error: { code: error.code, message: error.message } }, advice: [] };
  }
}

function html(data: string): string {
  const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:";
  const inline = (text: string): string => text.replaceAll('</', '<\\/').replaceAll('<!--', '<\\!--');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>mft explore</title>
<style>
${pageStyle}</style>
</head>
${pageBody([]).replace('</body>', '')}<script type="application/json" id="offline">${data.replaceAll('<', '\\u003c')}</script>
<script type="module">${inline(pageScript())}</script>
</body>
</html>
`;
}
