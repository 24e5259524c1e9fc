// Random specs of every system through every verb (test/fuzz.ts), a slice of them; MFT_FUZZ=20000 runs as many in all.
import t from 'tap';
import { systemNames } from '../../dist/systems/registry.js';
import { fuzzSystem } from '../fuzz.js';

const wanted = Number(process.env.MFT_FUZZ ?? 150);
const each = Math.ceil(wanted / systemNames.length);

t.test('finite values or a documented reason, and no error but MftError', async (t) => {
  for (const name of systemNames) {
    const { findings, slow, calls, refused } = await fuzzSystem(name, 0, each);
    for (const { call, spec, problem } of findings) t.fail(`${name}: ${call} ${JSON.stringify(spec)}: ${problem}`);
    for (const { call, spec, problem } of slow) t.comment(`${name}: ${call} ${JSON.stringify(spec)}: ${problem}`);
    t.equal(findings.length, 0, `${name}: ${calls} calls, ${refused} refused with their reason`);
    t.ok(calls > refused, `${name}: not everything is refused`);
    // Known: predictions at variances beyond 1e30 with masks or biases take up to half a minute.
    t.ok(slow.length <= 0.04 * calls + 1, `${name}: ${slow.length} of ${calls} calls took more than ten seconds`);
  }
});
