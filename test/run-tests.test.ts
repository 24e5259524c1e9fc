// The runner of the suites: what it counts, and what it calls wrong.
import t from 'tap';
import { complaints, type FileResult, tapReader } from '../scripts/run-tests.mjs';

function read(text: string): FileResult[] {
  const found: FileResult[] = [];
  const reader = tapReader((file) => found.push(file));
  for (const line of text.split('\n')) reader.line(line);
  return found;
}

t.test('assertions are counted at every depth, and tests without one named', async (t) => {
  const [file] = read(`# Subtest: a
    # Subtest: outer
        ok 1 - one
        # Subtest: inner
            ok 1 - two
            not ok 2 - three
            1..2
        not ok 2 - inner # time=1.5ms
        1..2
    not ok 1 - outer # time=2ms
    # Subtest: empty
        1..0
    ok 2 - empty # time=0.1ms
    ok 3 - left out # SKIP no data
    1..3
not ok 1 - a # time=1500ms`);
  t.match(file, {
    file: 'a',
    passed: false,
    seconds: 1.5,
    assertions: 3,
    empty: ['empty'],
    skipped: ['left out # SKIP no data'],
  });
  t.match(complaints(file ? [file] : [], { a: 5 }, true), ['a: "empty" asserts nothing', 'a: failed']);
});

t.test('a process killed within a test has failed, and what it had asserted counts', async (t) => {
  const [file] = read(`# Subtest: a
    # Subtest: outer
        ok 1 - one
        # Subtest: inner
            ok 1 - two
    # ended with SIGKILL
not ok 1 - a # time=10ms`);
  t.match(file, { passed: false, assertions: 2 });
  t.match(file?.shown.join(), /ended with SIGKILL/);
});

t.test('a file that asserts nothing, too little, or did not run is wrong', async (t) => {
  const files = read(`# Subtest: a
ok 1 - a # time=1ms
# Subtest: b
    ok 1 - one
    1..1
ok 2 - b # time=1ms`);
  t.match(complaints(files, { a: 1, b: 2, c: 1 }, true), [
    /a: "a" asserts nothing/,
    /a: 0 assertions, at least 1/,
    /b: 1 assertions, at least 2/,
    /c: did not run/,
  ]);
  t.match(complaints([], {}, false), ['no test file ran']);
});

t.test('a suite complains of skipped tests where MFT_REQUIRE is set, but not of experiments', async (t) => {
  const file = (skipped: string[]): FileResult => ({
    ...{ file: 'a', passed: true, seconds: 1, assertions: 1, empty: [], shown: [] },
    skipped,
  });
  const wanting = file(['reads data # SKIP MFT_DATA is not set']);
  t.same(complaints([wanting], { a: 1 }, false), []);
  t.match(complaints([wanting], { a: 1 }, false, false), [/MFT_REQUIRE forbids: reads data/]);
  t.same(complaints([file(['long # SKIP an experiment: set X'])], { a: 1 }, false, false), []);
});
