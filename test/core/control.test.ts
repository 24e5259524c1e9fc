// Cancelling and reporting, the same for every verb: one signal for many calls, callbacks that throw, environments that end.
import { getEventListeners } from 'node:events';
import { simulate } from 'mft-native';
import t from 'tap';

const spec = { system: 'percolation', width: 200, depth: 50, edgeKeepProbability: 0.64 } as const;
const run = { trials: 200_000, threads: 1 } as const;

t.test('twenty calls under one signal share a listener and all stop with its reason', async (t) => {
  const controller = new AbortController();
  const calls = Array.from({ length: 20 }, () => simulate(spec, run, { signal: controller.signal }));
  const outcomes = Promise.allSettled(calls);
  const listening = (): number => getEventListeners(controller.signal, 'abort').length;
  while (listening() === 0) await new Promise((resolve) => setTimeout(resolve, 100));
  t.equal(listening(), 1);
  const reason = new Error('enough');
  controller.abort(reason);
  t.same(
    (await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason === reason),
    calls.map(() => true),
  );
});

t.test('what onProgress throws ends the work and rejects the call', async (t) => {
  const planted = new Error('planted');
  let calls = 0;
  const onProgress = (): void => {
    calls++;
    throw planted;
  };
  await t.rejects(simulate(spec, run, { onProgress }), planted);
  t.equal(calls, 1, 'not called again');
  let ends = 0;
  const last = (progress: { readonly done: number; readonly total: number }): void => {
    if (progress.done < progress.total) return;
    ends++;
    throw planted;
  };
  await t.rejects(simulate({ ...spec, width: 4 }, { trials: 10 }, { onProgress: last }), planted, 'in the last report');
  t.equal(ends, 1);
});
