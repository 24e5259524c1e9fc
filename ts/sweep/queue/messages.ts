// Messages that come again and again: each is said once, then counted, once a minute.

const minute = 60_000;

/** A `say` that repeats no message within a minute: it counts what came meanwhile. */
export function quiet(say: (message: string) => void, every = minute): (message: string) => void {
  const heard = new Map<string, { at: number; count: number }>();
  return (message) => {
    const now = Date.now();
    const known = heard.get(message);
    if (known !== undefined && now - known.at < every) {
      known.count++;
      return;
    }
    say(known === undefined || known.count === 0 ? message : `${message} (${known.count} times more since)`);
    heard.set(message, { at: now, count: 0 });
    // Foreign texts must not fill the memory of a long run.
    if (heard.size > 1000) heard.delete(heard.keys().next().value as string);
  };
}
