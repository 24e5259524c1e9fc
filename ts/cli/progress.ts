// Progress on stderr: a bar on a terminal, nothing elsewhere.
import type { Progress } from '../core/control.js';

export interface ProgressBar {
  readonly onProgress: (progress: Progress) => void;
  readonly stop: () => void;
}

/** A bar named after the work; silent when stderr is not a terminal. */
export async function progressBar(name: string): Promise<ProgressBar> {
  if (!process.stderr.isTTY) return { onProgress: () => undefined, stop: () => undefined };
  const { SingleBar } = (await import('cli-progress')).default;
  const bar = new SingleBar({ format: `${name} {bar} {percentage}% | {value}/{total} | {duration_formatted} | ETA {eta_formatted}`, hideCursor: true, stream: process.stderr });
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
