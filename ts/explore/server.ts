// The explorer's server: one page and its questions, on the loopback interface only, under an address that nobody can guess.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MftError } from '../core/errors.js';
import { toJson } from '../core/codec.js';
import { systemNames } from '../systems/registry.js';
import { adviceFor, answerFor, mapFor, roundsFor } from './answers.js';
import { systemPage } from './knobs.js';
import { pageHtml, pageScript, pageStyle } from './page-files.js';
import type { State } from './protocol.js';

/** How the explorer is served. */
interface ExploreOptions {
  /** Port of 127.0.0.1; default any free one. */
  readonly port?: number;
}

/** A server that runs. */
interface Explorer {
  /** The address of the page; it holds the token. */
  readonly url: string;
  /** Ends the server and what it computes. */
  readonly close: () => Promise<void>;
}

/** Questions are small: a spec with a list for every layer. */
const largestBody = 1 << 18;

const headers = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data: blob:; " +
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
};

/**
 * Serves the explorer until it is closed. @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT where the port is taken
 */
export async function serveExplorer(options: ExploreOptions = {}): Promise<Explorer> {
  const token = randomBytes(16).toString('base64url');
  const ending = new AbortController();
  const server = createServer((request, response) => {
    void respond(request, response, token, ending.signal);
  });
  await new Promise<void>((settle, refuse) => {
    server.once('error', (cause) =>
      refuse(
        new MftError('ERR_MFT_INVALID_ARGUMENT', `Could not listen on port ${options.port ?? 0}: ${cause.message}.`, {
          parameter: 'port',
          cause,
        }),
      ),
    );
    server.listen(options.port ?? 0, '127.0.0.1', settle);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${token}/`,
    close: () =>
      new Promise((settle) => {
        ending.abort();
        server.close(() => settle());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  ending: AbortSignal,
): Promise<void> {
  const { port } = request.socket.address() as AddressInfo;
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  // Another name for this address, or a page from elsewhere: nobody we know.
  const isOwn =
    own.includes(request.headers.host ?? '') &&
    (request.headers.origin === undefined || own.some((host) => request.headers.origin === `http://${host}`));
  const [, given, path = ''] = /^\/([\w-]+)\/([\w.]*)$/.exec(request.url ?? '') ?? [];
  if (!isOwn || given !== token) return send(response, 404, 'text/plain; charset=utf-8', 'Not found.\n');
  if (request.method === 'GET') {
    const file = files[path];
    if (file !== undefined) return send(response, 200, file.type, file.content());
  }
  const question = request.method === 'POST' ? questions[path] : undefined;
  if (question === undefined) return send(response, 404, 'text/plain; charset=utf-8', 'Not found.\n');
  const left = new AbortController();
  response.on('close', () => left.abort(new Error('The page moved on.')));
  const signal = AbortSignal.any([left.signal, ending]);
  try {
    await question(await bodyOf(request), response, signal);
  } catch (error) {
    if (signal.aborted || response.writableEnded) {
      response.destroy();
      return;
    }
    const { code, message } =
      error instanceof MftError
        ? error
        : { code: 'ERR_MFT_INTERNAL', message: error instanceof Error ? error.message : String(error) };
    if (response.headersSent) response.end(`${JSON.stringify({ error: { code, message } })}\n`);
    else json(response, { error: { code, message } }, 400);
  }
}

const files: Readonly<Record<string, { readonly type: string; readonly content: () => string }>> = {
  '': { type: 'text/html; charset=utf-8', content: () => pageHtml(systemNames) },
  'page.js': { type: 'text/javascript; charset=utf-8', content: pageScript },
  'page.css': { type: 'text/css; charset=utf-8', content: () => pageStyle },
};

type Question = (
  body: Readonly<Record<string, unknown>>,
  response: ServerResponse,
  signal: AbortSignal,
) => Promise<void>;

const questions: Readonly<Record<string, Question>> = {
  system: async ({ system }, response) => json(response, await systemPage(system)),
  answer: async (body, response, signal) => json(response, await answerFor(stateOf(body), { signal })),
  advice: async (body, response, signal) => json(response, await adviceFor(stateOf(body), { signal })),
  map: async (body, response, signal) => {
    const { axes, quantity } = body as { axes: Parameters<typeof mapFor>[1]; quantity: string };
    const isAxis = (axis: unknown): boolean =>
      ['low', 'high', 'count'].every((name) =>
        Number.isFinite((axis as Readonly<Record<string, unknown>> | null)?.[name]),
      );
    if (
      !Array.isArray(axes) ||
      axes.length !== 2 ||
      !axes.every(isAxis) ||
      axes.some(({ count }) => count < 2 || count > 64)
    )
      throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected two axes with low, high and a count in [2, 64].');
    json(response, await mapFor(stateOf(body), axes, String(quantity), { signal }));
  },
  simulate: async (body, response, signal) => {
    const rounds = roundsFor(stateOf(body), { signal });
    const first = await rounds.next();
    response.writeHead(200, { ...headers, 'Content-Type': 'application/x-ndjson; charset=utf-8' });
    if (!first.done) response.write(`${JSON.stringify(toJson(first.value))}\n`);
    for await (const round of rounds) response.write(`${JSON.stringify(toJson(round))}\n`);
    response.end();
  },
};

function stateOf({ system, spec }: Readonly<Record<string, unknown>>): State {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec))
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected `spec` to be an object of fields.', { parameter: 'spec' });
  return { system: String(system), spec: spec as State['spec'] };
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected a body of type application/json.');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largestBody) throw new MftError('ERR_MFT_OUT_OF_RANGE', `Expected at most ${largestBody} bytes.`);
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected a body of JSON.', { cause });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new MftError('ERR_MFT_INVALID_ARGUMENT', 'Expected a JSON object.');
  return body as Readonly<Record<string, unknown>>;
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(toJson(value)));
}

function send(response: ServerResponse, status: number, type: string, content: string): void {
  response.writeHead(status, { ...headers, 'Content-Type': type });
  response.end(content);
}
