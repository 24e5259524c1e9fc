// Progress on stderr: a bar on a terminal, a line every half minute elsewhere.
import type { Progress } from '../core/control.js';
import type { SweepProgress } from '../sweep/progress.js';

interface ProgressBar {
  readonly onProgress: (progress: Progress) => void;
  readonly stop: () => void;
}

/** A bar named after the work. Without a terminal: a line now and then. */
export async function progressBar(name: string): Promise<ProgressBar> {
  if (!process.stderr.isTTY) return { onProgress: plainBar(name), stop: () => undefined };
  const { SingleBar } = (await import('cli-progress')).default;
  const bar = new SingleBar({
    format: `${name} {bar} {percentage}% | {value}/{total} | {duration_formatted} | ETA {eta_formatted}`,
    hideCursor: true,
    stream: process.stderr,
  });
  let isStarted = false;
  return {
    onProgress: ({ done, total }) => {
      if (isStarted) bar.update(done);
      else bar.start(total, done);
      isStarted = true;
    },
    stop: () => {
      if (isStarted) bar.stop();
    },
  };
}

/** The bar of a sweep: jobs, failures, rate, time left. Without a terminal: a line now and then. */
export async function sweepBar(): Promise<{
  readonly onProgress: (progress: SweepProgress) => void;
  readonly stop: () => void;
}> {
  if (!process.stderr.isTTY) return { onProgress: plainProgress(), stop: () => undefined };
  const { SingleBar } = (await import('cli-progress')).default;
  const bar = new SingleBar({
    format: 'sweep {bar} {value}/{total} jobs | {failed} failed | {rate}/s | ETA {left}',
    hideCursor: true,
    stream: process.stderr,
  });
  let isStarted = false;
  return {
    onProgress: ({ done, total, failed, jobsPerSecond, etaSeconds }) => {
      const payload = {
        failed,
        rate: jobsPerSecond.toPrecision(3),
        left: etaSeconds === undefined ? '-' : duration(etaSeconds),
      };
      if (isStarted) bar.update(done, payload);
      else bar.start(total, done, payload);
      isStarted = true;
    },
    stop: () => {
      if (isStarted) bar.stop();
      isStarted = false;
    },
  };
}

const plainIntervalSeconds = 30;

/** The same for one piece of work: quick ones say nothing. */
function plainBar(name: string): (progress: Progress) => void {
  const started = performance.now();
  let last = 0;
  return ({ done, total }) => {
    const elapsed = (performance.now() - started) / 1000;
    if (elapsed - last < plainIntervalSeconds || done === 0) return;
    last = elapsed;
    process.stderr.write(`mft: ${name} ${done}/${total}, about ${duration((elapsed / done) * (total - done))} left\n`);
  };
}

/** One line every half minute: what a batch system's log should hold. */
function plainProgress(): (progress: SweepProgress) => void {
  let last = 0;
  return ({ done, total, failed, jobsPerSecond, elapsedSeconds, etaSeconds }) => {
    if (elapsedSeconds - last < plainIntervalSeconds) return;
    last = elapsedSeconds;
    process.stderr.write(
      `mft: ${done}/${total} jobs, ${failed} failed, ${jobsPerSecond.toPrecision(3)}/s, ` +
        `${etaSeconds === undefined ? '-' : duration(etaSeconds)} left\n`,
    );
  };
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
