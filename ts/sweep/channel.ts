// A queue between a producer and one consumer: bounded, so that a slow consumer holds its producer back.

interface Channel<T> {
  /** Adds an item; resolves when there is room for the next one. */
  readonly push: (item: T) => Promise<void>;
  /** No more items: the iteration ends once the queue is empty, or throws the given error. */
  readonly close: (error?: unknown) => void;
  readonly items: AsyncGenerator<T, void>;
}

export function channel<T>(capacity: number): Channel<T> {
  const queue: T[] = [];
  let isClosed = false;
  let failure: { readonly error: unknown } | undefined;
  let wakeConsumer = (): void => undefined;
  let producers: (() => void)[] = [];
  async function* iterate(): AsyncGenerator<T, void> {
    try {
      for (;;) {
        while (queue.length > 0) {
          yield queue.shift() as T;
          if (queue.length < capacity) releaseProducers();
        }
        if (failure !== undefined) throw failure.error;
        if (isClosed) return;
        await new Promise<void>((resolve) => (wakeConsumer = resolve));
      }
    } finally {
      isClosed = true;
      releaseProducers();
    }
  }
  function releaseProducers(): void {
    const waiting = producers;
    producers = [];
    for (const release of waiting) release();
  }
  return {
    push: async (item) => {
      if (isClosed) return;
      queue.push(item);
      wakeConsumer();
      if (queue.length >= capacity) await new Promise<void>((resolve) => producers.push(resolve));
    },
    close: (error) => {
      isClosed = true;
      if (error !== undefined) failure = { error };
      wakeConsumer();
    },
    items: iterate(),
  };
}
