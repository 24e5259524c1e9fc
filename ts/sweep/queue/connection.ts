// The connection to Redis: where it may go, with whose credentials, and how errors are kept free of them.
import type { Redis } from 'ioredis';
import { MftError } from '../../core/errors.js';

export interface ConnectionRequest {
  /** redis:// or rediss:// URL without credentials; default MFT_REDIS_URL, else redis://127.0.0.1:6379. */
  readonly redis?: string | undefined;
  /** Allow a server that is neither on this machine nor reached by TLS. */
  readonly isInsecure?: boolean | undefined;
}

/** Where to connect. */
interface Target {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly isTls: boolean;
  readonly username?: string;
  readonly password?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and judges the address of a server. Credentials come from the environment alone (MFT_REDIS_USERNAME,
 * MFT_REDIS_PASSWORD, or inside MFT_REDIS_URL): arguments are visible to every user of a machine.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT (not a URL, credentials in the argument), ERR_MFT_QUEUE (neither loopback nor TLS)
 */
export function redisTarget(request: ConnectionRequest, environment: Environment = process.env): Target {
  const given = request.redis === undefined ? undefined : parsed(request.redis, 'redis');
  if (given !== undefined && (given.username !== '' || given.password !== '')) {
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      'Expected the address of the server without user name and password (arguments are visible ' +
        'to all users of this machine); put them into MFT_REDIS_USERNAME and MFT_REDIS_PASSWORD.',
      { parameter: 'redis' },
    );
  }
  const url = given ?? parsed(environment.MFT_REDIS_URL ?? 'redis://127.0.0.1:6379', 'MFT_REDIS_URL');
  const username = environment.MFT_REDIS_USERNAME ?? decoded(url.username);
  const password = environment.MFT_REDIS_PASSWORD ?? decoded(url.password);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isTls = url.protocol === 'rediss:';
  if (!isTls && !isLoopback(host) && request.isInsecure !== true) {
    throw new MftError(
      'ERR_MFT_QUEUE',
      `The server ${host} is neither on this machine nor reached by TLS: anyone on the way could read ` +
        `and change jobs and passwords. Use a rediss:// URL or an ssh tunnel, or allow it with --insecure.`,
      { parameter: 'redis' },
    );
  }
  return {
    host,
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(url.pathname.slice(1) || 0),
    isTls,
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  };
}

/** The address of a server. The text is never shown: it may hold a password. */
function parsed(text: string, name: string): URL {
  const problem = (what: string): MftError =>
    new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      `Expected \`${name}\` to be redis://host:port or rediss://host:port, with an optional /database: ${what}.`,
      { parameter: name, expected: 'redis://host:port or rediss://host:port, with an optional /database' },
    );
  if (!text.includes('://')) throw problem('it has no scheme, redis:// or rediss://');
  if (!/^rediss?:\/\//.test(text)) throw problem('its scheme is neither redis:// nor rediss://');
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw problem(
      'its host or its port cannot be read; in a user name or password, write / @ # ? % : as %2F %40 %23 %3F %25 %3A',
    );
  }
  if (url.hostname === '') throw problem('it has no host');
  if (url.search !== '') throw problem('it has a question mark; credentials stand before the host, ? in them is %3F');
  if (url.hash !== '') throw problem('it has a #; in a password, write %23');
  if (!/^(\/\d*)?$/.test(url.pathname))
    throw problem('what stands behind the host is no number of a database; / in a password is %2F');
  try {
    decoded(url.username + url.password);
  } catch {
    throw problem('a % in its user name or password begins no code; write %25');
  }
  return url;
}

function decoded(text: string): string {
  return decodeURIComponent(text);
}

function isLoopback(host: string): boolean {
  // Loaded when asked: a program that only imports the package has no use for it.
  const { isIP } = process.getBuiltinModule('node:net');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** A text without anything secret: the password, the queue's secret, credentials in URLs. */
export function scrubbed(
  text: string,
  target: { readonly password?: string | undefined },
  environment: Environment = process.env,
): string {
  const secrets = [target.password, environment.MFT_REDIS_PASSWORD, environment.MFT_QUEUE_SECRET].filter(
    (secret): secret is string => secret !== undefined && secret.length > 0,
  );
  const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  return clean.replace(/(\w+:\/\/)[^@/\s]*@/g, '$1***@');
}

const connectSeconds = 10;

/**
 * Connects and checks the server's version.
 *
 * @throws MftError (rejects) ERR_MFT_MISSING_PEER, ERR_MFT_QUEUE (no answer, refused, older than 6.2)
 */
export async function connectRedis(target: Target, warn: (message: string) => void): Promise<Redis> {
  const { Redis: Client } = await import('ioredis').catch((cause: unknown) => {
    throw new MftError(
      'ERR_MFT_MISSING_PEER',
      'The bullmq executor and `mft worker` need two more packages: npm install bullmq ioredis',
      { parameter: 'ioredis', cause },
    );
  });
  const { isTls, ...address } = target;
  const client = new Client({
    ...address,
    ...(isTls ? { tls: { servername: target.host } } : {}),
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(100 * 2 ** times, 3000),
  });
  let latest = '';
  let isConnected = false;
  client.on('error', (error: Error) => {
    const message = scrubbed(error.message, target);
    if (message !== latest && isConnected) warn(`Redis at ${target.host}:${target.port}: ${message}`);
    latest = message;
  });
  client.on('ready', () => (latest = ''));
  let timer: NodeJS.Timeout | undefined;
  try {
    const patience = new Promise<never>(
      (_, reject) => (timer = setTimeout(() => reject(new Error(latest || 'no answer')), connectSeconds * 1000)),
    );
    await Promise.race([client.connect(), patience]);
    const version = /redis_version:(\d+)\.(\d+)/.exec(await Promise.race([client.info('server'), patience]));
    const [major = 0, minor = 0] = version?.slice(1).map(Number) ?? [];
    if (major < 6 || (major === 6 && minor < 2))
      throw new Error(`it has version ${major}.${minor}, needed is 6.2 or newer`);
    // A database it lacks is refused here; without asking, the client goes on in database 0.
    if (target.db !== 0) await Promise.race([client.select(target.db), patience]);
    isConnected = true;
    return client;
  } catch (cause) {
    client.disconnect();
    // What ended the connection says more than that it ended.
    const reason = latest || scrubbed(cause instanceof Error ? cause.message : String(cause), target);
    throw new MftError(
      'ERR_MFT_QUEUE',
      `Could not use Redis at ${target.host}:${target.port}: ${reason.replace(/\.$/, '')}.`,
      { parameter: 'redis' },
    );
  } finally {
    clearTimeout(timer);
  }
}
