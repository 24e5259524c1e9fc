// One network of great width through the public API, with the growth of this process's memory beside the estimate.
import { readFileSync } from 'node:fs';
import { simulate } from '../../dist/index.js';
import { networkAnswer, specOf } from '../competitor/feedforward.mjs';
import { readOptions, serve } from '../competitor/serve.mjs';

const options = readOptions();
const { networks, engine, precision, threads } = options;
const spec = specOf(options);
const run = { trials: networks, engine, precision, threads };

// The estimate is what a run under too small a limit is refused with.
const estimate = await simulate(spec, { ...run, memoryLimit: 1 }).then(
  () => 0,
  (error) => error.received ?? 0,
);
await simulate({ ...spec, width: 64 }, { ...run, trials: 1 }); // what the first call loads is not the network's memory
const before = status('VmRSS');

await serve(async (seed) => {
  const answer = networkAnswer(await simulate(spec, { ...run, seed }), options);
  const mebibytes = (kibibytes) => Math.round(kibibytes / 102.4) / 10;
  return {
    ...answer,
    extra: { memory: { grown: mebibytes(status('VmHWM') - before), estimated: mebibytes(estimate / 1024) } },
  };
});

/** A line of /proc/self/status in KiB. */
function status(name) {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
