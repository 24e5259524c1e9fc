// The page of `mft explore`: knobs on the left, what theory says of the network on the right, at once.
import type { AdviceLine, Answer, Point, Round, State, SystemPage } from '../protocol.js';
import { addressOf, stateIn } from './address.js';
import { ask, askLines, forget, isAbort, offline } from './ask.js';
import { showCurves } from './curves.js';
import { byId, element } from './element.js';
import { showKnobs } from './knobs.js';
import { type MapPanel, mapPanel } from './map.js';

let state: State = stateIn(location.hash) ?? offline?.state ?? { system: 'feedforward', spec: {} };
let answer: Answer | undefined;
let points: readonly Point[] = [];
let map: MapPanel | undefined;

/** A new system: its knobs, then all answers. */
async function openSystem(): Promise<void> {
  const asked = state;
  try {
    const page = await ask<SystemPage>('system', { system: asked.system });
    if (asked !== state) return;
    byId<HTMLSelectElement>('system').value = page.system;
    showKnobs(byId('knobs'), page.knobs, asked.spec, turn);
    map = mapPanel(byId('map-choice'), byId('map'), page);
    byId('map-section').hidden = map === undefined;
    await refresh();
  } catch (error) {
    if (asked === state) fail(error);
  }
}

function turn(field: string, value: unknown): void {
  const { [field]: _, ...rest } = state.spec;
  state = { ...state, spec: value === undefined ? rest : { ...rest, [field]: value } };
  history.replaceState(null, '', addressOf(state));
  void refresh();
}

/** Curves first, then what takes longer: advice, and the map. Answers to what is no longer asked are dropped. */
async function refresh(): Promise<void> {
  const asked = state;
  for (const kind of ['simulate', 'advice', 'map']) forget(kind);
  points = [];
  byId('verdict').textContent = '';
  byId('state').textContent = 'computing …';
  try {
    const theory = await ask<Answer>('answer', asked);
    if (asked !== state) return;
    answer = theory;
    byId('failure').hidden = true;
    byId('results').classList.remove('busy');
    showAnswer(theory);
    byId('state').textContent = '';
    const advice = await ask<AdviceLine[]>('advice', asked);
    if (asked !== state) return;
    showAdvice(advice);
    map?.show(asked);
  } catch (error) {
    if (asked === state) fail(error);
  }
}

function fail(error: unknown): void {
  if (isAbort(error)) return;
  byId('state').textContent = '';
  byId('results').classList.add('busy');
  byId('failure').hidden = false;
  byId('failure').textContent = error instanceof Error ? error.message : String(error);
}

function showAnswer(shown: Answer): void {
  showCurves(byId('curves'), shown, points);
  byId('numbers').replaceChildren(
    ...shown.numbers.map(({ name, text }) => element('tr', {}, element('td', {}, name), element('td', {}, text))),
  );
  byId('warnings').replaceChildren(...shown.warnings.map((warning) => element('li', {}, warning)));
  byId('command').textContent = shown.code.command;
  byId('typescript').textContent = shown.code.typescript;
}

function showAdvice(lines: readonly AdviceLine[]): void {
  byId('advice').replaceChildren(
    ...lines.map(({ severity, text }) =>
      element('li', { class: severity }, severity === 'info' ? text : `${severity}: ${text}`),
    ),
  );
}

async function simulateNow(): Promise<void> {
  byId('verdict').textContent = 'simulating …';
  try {
    for await (const round of askLines<Round>('simulate', state)) {
      points = round.points;
      if (answer !== undefined) showCurves(byId('curves'), answer, points);
      byId('verdict').textContent =
        `${round.trials} networks: ${round.verdict}, largest |z| ${round.largestZ.toFixed(2)} of ${points.length} points`;
    }
  } catch (error) {
    if (!isAbort(error)) byId('verdict').textContent = error instanceof Error ? error.message : String(error);
  }
}

function save(name: string, type: string, content: string): void {
  const link = element('a', { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}

/** All panels of curves in one drawing, one below the other. */
function figure(): string {
  const panels = Array.from(byId('curves').querySelectorAll<SVGSVGElement>('svg[viewBox]')).filter(
    (svg) => svg.clientHeight > 100,
  );
  const parts = panels.map((svg, i) => {
    const copy = svg.cloneNode(true) as SVGSVGElement;
    copy.setAttribute('y', String(i * 230));
    return new XMLSerializer().serializeToString(copy);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="360" height="${230 * parts.length}" color="black">${parts.join('')}</svg>`;
}

byId<HTMLSelectElement>('system').addEventListener('input', (event) => {
  state = { system: (event.target as HTMLSelectElement).value, spec: {} };
  history.replaceState(null, '', addressOf(state));
  void openSystem();
});
byId('simulate').addEventListener('click', () => void simulateNow());
byId('knobs').addEventListener('submit', (event) => event.preventDefault());
byId('save-figure').addEventListener('click', () => save('mft.svg', 'image/svg+xml', figure()));
byId('save-spec').addEventListener('click', () =>
  save('spec.json', 'application/json', `${JSON.stringify(answer?.spec, null, 2)}\n`),
);
addEventListener('hashchange', () => {
  const given = stateIn(location.hash);
  if (given === undefined) return;
  state = given;
  void openSystem();
});
if (offline !== undefined) for (const id of ['simulate', 'map-section', 'system']) byId(id).hidden = true;
void openSystem();
