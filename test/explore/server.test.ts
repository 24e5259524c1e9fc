// The explorer's server: answers of the verbs, refusals in words, and nobody let in who does not know the address.
import { request } from 'node:http';
import t from 'tap';
import { map, predict } from '../../dist/index.js';
import { systemPage } from '../../dist/explore/knobs.js';
import { offlinePage } from '../../dist/explore/offline.js';
import { serveExplorer } from '../../dist/explore/server.js';
import { systemNames } from '../../dist/systems/registry.js';

const explorer = await serveExplorer();
t.teardown(() => explorer.close());
const state = { system: 'feedforward', spec: { activation: 'relu', weightVariance: 2, depth: 5, width: 50 } };

const post = (path: string, body: unknown, headers = {}): Promise<Response> =>
  fetch(`${explorer.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** A request with headers that fetch does not let one choose. */
function raw(path: string, headers: Record<string, string>, method = 'GET'): Promise<number | undefined> {
  return new Promise((settle, refuse) => {
    const asked = request(new URL(path, explorer.url), { method, headers }, (response) => {
      response.resume();
      settle(response.statusCode);
    });
    asked.on('error', refuse);
    asked.end();
  });
}

t.test('answers are those of the verbs', async (t) => {
  const answer = (await (await post('answer', state)).json()) as {
    curves: { name: string; lines: { y: number[] }[] }[];
    code: { command: string; typescript: string };
  };
  const theory = await predict({ system: 'feedforward', activation: 'relu', weightVariance: 2, depth: 5, width: 50 });
  const correlation = answer.curves.find(({ name }) => name === 'correlation');
  t.same(correlation?.lines[0]?.y, Array.from(theory.observables.correlation?.values ?? []));
  t.equal(
    answer.code.command,
    'mft predict --system feedforward --activation relu --weight-variance 2 --depth 5 --width 50',
  );
  t.match(answer.code.typescript, /system: "feedforward",\n {2}activation: "relu"/);
  t.match(await (await post('advice', state)).json(), [{ severity: String, text: String }]);
  const axes = [
    { field: 'weightVariance', low: 1, high: 3, count: 3 },
    { field: 'biasVariance', low: 0.1, high: 0.2, count: 2 },
  ];
  const asked = { ...state, spec: { ...state.spec, activation: 'tanh' }, axes, quantity: 'gradientMultiplier' };
  const mapped = await map(
    { system: 'feedforward', depth: 5, width: 50 },
    [
      { field: 'weightVariance', values: [1, 2, 3] },
      { field: 'biasVariance', values: [0.1, 0.2] },
    ],
    { quantities: ['gradientMultiplier'] },
  );
  const { values } = (await (await post('map', asked)).json()) as { values: number[] };
  t.same(values, [...(mapped.quantities.gradientMultiplier?.values ?? [])]);
  const rounds = (await (await post('simulate', state)).text()).trim().split('\n');
  t.same(
    rounds.map((line) => (JSON.parse(line) as { trials: number }).trials),
    [4, 16, 64, 256],
  );
  t.match(JSON.parse(rounds[3] as string), { verdict: /^(agrees|finiteSize)$/, points: [{ z: Number }] });
});

t.test('every system has a page: its fields are knobs, with the defaults of the spec', async (t) => {
  for (const name of systemNames) {
    const page = await systemPage(name);
    t.ok(page.knobs.length > 3, name);
    for (const { kind, low = 0, high = 0, byDefault, field } of page.knobs)
      if (kind === 'number' || kind === 'whole')
        t.ok(low < high && low <= Number(byDefault) && Number(byDefault) <= high, `${name}.${field}: ${low}…${high}`);
    const answer = await post('answer', { system: name, spec: {} });
    t.equal(answer.status, 200, name);
  }
});

t.test('what is refused says why', async (t) => {
  const refused = async (path: string, body: unknown, code: string, headers = {}): Promise<void> => {
    const response = await post(path, body, headers);
    t.equal(response.status, 400, path);
    t.match(await response.json(), { error: { code, message: String } });
  };
  await refused('answer', { ...state, spec: { depht: 3 } }, 'ERR_MFT_INVALID_ARGUMENT');
  await refused('answer', { ...state, spec: { depth: 0 } }, 'ERR_MFT_OUT_OF_RANGE');
  await refused('answer', { system: 'nosuch', spec: {} }, 'ERR_MFT_INVALID_ARGUMENT');
  await refused('answer', { system: 'feedforward', spec: [] }, 'ERR_MFT_INVALID_ARGUMENT');
  await refused('answer', { system: 'feedforward', spec: { depth: 1e12 } }, 'ERR_MFT_OUT_OF_RANGE');
  await refused('answer', '[1]', 'ERR_MFT_INVALID_ARGUMENT');
  await refused('answer', '{', 'ERR_MFT_INVALID_ARGUMENT');
  await refused('answer', ' '.repeat(300_000), 'ERR_MFT_OUT_OF_RANGE');
  await refused('answer', state, 'ERR_MFT_INVALID_ARGUMENT', { 'Content-Type': 'text/plain' });
  await refused('map', { ...state, axes: [], quantity: 'gradientMultiplier' }, 'ERR_MFT_INVALID_ARGUMENT');
  await refused('simulate', { ...state, spec: { width: -1 } }, 'ERR_MFT_OUT_OF_RANGE');
  t.equal((await post('answer', { ...state, spec: { __proto__: null, constructor: 1 } })).status, 400);
});

t.test('only who knows the address, by its own name', async (t) => {
  const { pathname, host } = new URL(explorer.url);
  t.equal(await raw(pathname, {}), 200);
  t.equal(await raw('/', {}), 404);
  t.equal(await raw(`${pathname.slice(0, -2)}/`, {}), 404);
  t.equal(await raw(`${pathname}../package.json`, {}), 404);
  t.equal(await raw(pathname, { host: 'elsewhere.example' }), 404, 'another name for this machine');
  t.equal(await raw(pathname, { origin: 'http://elsewhere.example' }), 404, 'asked by another page');
  t.equal(await raw(pathname, { origin: `http://${host}` }), 200);
  t.equal(await raw(`${pathname}answer`, {}), 404, 'questions are posted');
  const page = await fetch(explorer.url);
  t.match(page.headers.get('content-security-policy'), /default-src 'none'/);
  t.equal(page.headers.get('referrer-policy'), 'no-referrer');
  t.notMatch(await page.text(), /https?:\/\//, 'nothing from elsewhere');
});

t.test('an offline page: networks that are refused say why among the others', async (t) => {
  const page = await offlinePage(state, [{ field: 'depth', values: [2, 0] }]);
  const data = JSON.parse(/id="offline">(.*?)<\/script>/s.exec(page)?.[1] ?? '') as { points: { answer: object }[] };
  t.match(data.points, [{ answer: { curves: Array } }, { answer: { error: { code: 'ERR_MFT_OUT_OF_RANGE' } } }]);
  await t.rejects(offlinePage(state, []), { parameter: '--axis', code: 'ERR_MFT_INVALID_ARGUMENT' });
  await t.rejects(offlinePage(state, [{ field: 'nosuch', values: [1] }]), { code: 'ERR_MFT_INVALID_ARGUMENT' });
  const many = Array.from({ length: 1001 }, (_, i) => i + 1);
  await t.rejects(offlinePage(state, [{ field: 'depth', values: many }]), { code: 'ERR_MFT_OUT_OF_RANGE' });
});

t.test('a port that is taken', async (t) => {
  const port = Number(new URL(explorer.url).port);
  await t.rejects(serveExplorer({ port }), { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'port' });
});
