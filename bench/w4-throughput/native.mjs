// Many networks through the public API: in this process on `threads` threads, or in two processes of one thread each.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { simulate } from '../../dist/index.js';
import { networkAnswer, specOf } from '../competitor/feedforward.mjs';
import { readOptions, serve } from '../competitor/serve.mjs';

const options = readOptions();
const { networks, engine, precision, processes } = options;
const spec = specOf(options);
const part = async (seed, firstTrial, trials, threads) =>
  networkAnswer(await simulate(spec, { trials, firstTrial, seed, engine, precision, threads }), {
    ...options,
    networks: trials,
  });

if (process.send !== undefined) {
  process.on('message', async ({ seed, firstTrial, trials }) => process.send(await part(seed, firstTrial, trials, 1)));
  process.on('disconnect', () => process.exit(0));
  process.send('ready');
} else if (processes === 1) {
  await serve((seed) => part(seed, 0, networks, options.threads));
} else {
  const share = networks / processes;
  const children = Array.from({ length: processes }, () =>
    fork(fileURLToPath(import.meta.url), process.argv.slice(2), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  await Promise.all(children.map((child) => once(child, 'message')));
  await serve(async (seed) => {
    const answers = await Promise.all(
      children.map(async (child, i) => {
        child.send({ seed, firstTrial: i * share, trials: share });
        return (await once(child, 'message'))[0];
      }),
    );
    const mean = (name, layer) =>
      answers.reduce((sum, { observables }) => sum + observables[name][layer], 0) / processes;
    return {
      networks,
      observables: Object.fromEntries(
        Object.entries(answers[0].observables).map(([name, values]) => [
          name,
          values.map((_, layer) => mean(name, layer)),
        ]),
      ),
    };
  });
  for (const child of children) child.disconnect();
}
