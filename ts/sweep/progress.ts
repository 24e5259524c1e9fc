// Progress of a sweep: jobs, rate, and the time left by the share of the cost that is done.
import type { Progress } from '../core/control.js';
import type { PlannedJob } from './plan.js';

export interface SweepProgress extends Progress {
  readonly failed: number;
  readonly jobsPerSecond: number;
}

const progressMilliseconds = 200;

/** Counts finished jobs and reports, a few times a second and at the end. */
export function progressCounter(
  jobs: readonly PlannedJob[],
  onProgress: ((progress: SweepProgress) => void) | undefined,
): (cost: number, failed: number) => void {
  const started = performance.now();
  const totalCost = jobs.reduce((sum, job) => sum + job.cost, 0);
  let done = 0;
  let doneCost = 0;
  let reported = -Infinity;
  return (cost, failed) => {
    done++;
    doneCost += cost;
    const now = performance.now();
    if (onProgress === undefined || (now - reported < progressMilliseconds && done < jobs.length)) return;
    reported = now;
    const elapsedSeconds = (now - started) / 1000;
    const eta = doneCost < totalCost ? { etaSeconds: (elapsedSeconds * (totalCost - doneCost)) / doneCost } : {};
    onProgress({ done, total: jobs.length, failed, elapsedSeconds, jobsPerSecond: done / elapsedSeconds, ...eta });
  };
}
