// Who works on which queue: a worker leaves a note that fades, a sweep that waits reads them.
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { queuePrefix } from './names.js';

const fadesSeconds = 60;
const pattern = `${queuePrefix}:worker:*`;

/** Leaves the note of a worker until the function returned is called. Errors do not matter: the note only informs. */
export function announce(client: Redis, queue: string): () => Promise<void> {
  const name = `${queuePrefix}:worker:${randomUUID()}`;
  const write = (): void => {
    if (client.status === 'ready') client.set(name, queue, 'EX', fadesSeconds).catch(() => undefined);
  };
  write();
  const timer = setInterval(write, (fadesSeconds / 3) * 1000);
  timer.unref();
  return async () => {
    clearInterval(timer);
    if (client.status === 'ready') await client.del(name).catch(() => undefined);
  };
}

/** How many workers there are of this queue, and of other ones (another version or another secret). */
export async function presentWorkers(client: Redis, queue: string): Promise<{ own: number; others: number }> {
  const found = { own: 0, others: 0 };
  let cursor = '0';
  do {
    const [next, names] = await client.scan(cursor, 'MATCH', pattern, 'COUNT', 1000);
    cursor = next;
    const queues = names.length === 0 ? [] : await client.mget(names);
    for (const one of queues) if (one !== null) found[one === queue ? 'own' : 'others']++;
  } while (cursor !== '0');
  return found;
}
