// Questions to the server. Each kind has one question under way: the next one ends it, and the server its computation. A page without
// a server has its answers in itself.
import type { Failure, Offline, State } from '../protocol.js';

const stored = document.getElementById('offline')?.textContent;

/** The answers of a page without a server. */
export const offline: Offline | undefined = stored == null ? undefined : (JSON.parse(stored) as Offline);

const running = new Map<string, AbortController>();

/** What the server says that is no answer: an error of the package. */
const refusal = (message: string): Error => Object.assign(new Error(message), { name: 'Refusal' });

async function post(kind: string, body: object): Promise<Response> {
  running.get(kind)?.abort();
  const control = new AbortController();
  running.set(kind, control);
  const response = await fetch(kind, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: control.signal,
  });
  if (response.ok) return response;
  const { error } = (await response.json()) as Failure;
  throw refusal(`${error.message} [${error.code}]`);
}

/** Ends what is asked of a kind. */
export const forget = (kind: string): void => running.get(kind)?.abort();

/** One answer. */
export async function ask<T>(kind: string, body: object): Promise<T> {
  if (offline !== undefined) return answerOf(offline, kind, body as State) as T;
  return (await post(kind, body)).json() as Promise<T>;
}

/** Answers line by line, as they come. */
export async function* askLines<T>(kind: string, body: object): AsyncGenerator<T> {
  const reader = (await post(kind, body)).body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  while (reader !== undefined) {
    const { done, value = '' } = await reader.read();
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const answer = JSON.parse(line) as T | Failure;
      if (typeof answer === 'object' && answer !== null && 'error' in answer) throw refusal(answer.error.message);
      yield answer as T;
    }
    if (done) return;
  }
}

/** Whether something ended because the page asked anew. */
export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

/** The answer at the point of the grid that the state names. */
function answerOf({ page, axes, points }: Offline, kind: string, { spec }: State): unknown {
  if (kind === 'system') return page;
  const place = axes.reduce(
    (sum, { field, values }) => sum * values.length + Math.max(0, values.map(String).indexOf(String(spec[field]))),
    0,
  );
  const point = points[place];
  if (point === undefined || 'error' in point.answer)
    throw refusal(point === undefined ? 'The page holds no such network.' : (point.answer as Failure).error.message);
  return kind === 'answer' ? point.answer : point.advice;
}
