// What a reply of Redis that is an error means for a sweep, and what to do about it.
import { MftError } from '../../core/errors.js';

type Trouble =
  /** It may pass: wait and ask again. */
  | { readonly kind: 'wait'; readonly message: string }
  /** A key of another type stands where an entry of ours belongs. */
  | { readonly kind: 'foreignKey'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

const waiting: readonly (readonly [RegExp, string])[] = [
  [
    /\bOOM\b|maxmemory/i,
    'Redis has no memory left (maxmemory): fewer jobs are offered until workers have taken some. ' +
      'Raise maxmemory, or set maxmemory-policy noeviction and wait',
  ],
  [/READONLY/, 'Redis takes no writes (a replica): waiting until it is a primary again'],
  [/LOADING/, 'Redis is loading its data: waiting'],
  [/MISCONF/, 'Redis refuses writes because it cannot save to its disk: waiting; free its disk'],
  [
    /NOAUTH|WRONGPASS|invalid (username|password)/i,
    'Redis no longer takes the password: waiting. Start the sweep again with the new one in MFT_REDIS_PASSWORD; ' +
      'rows that are in the journal stay',
  ],
  [/BUSY|TRYAGAIN|CLUSTERDOWN/, 'Redis is busy: waiting'],
];

/** The trouble an error of a command stands for; undefined for errors that are no replies of Redis. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (error instanceof MftError || !(error instanceof Error)) return undefined;
  const text = error.message;
  if (/WRONGTYPE/.test(text))
    return { kind: 'foreignKey', message: 'a key of another type stands under the name of a job' };
  for (const [pattern, message] of waiting) if (pattern.test(text)) return { kind: 'wait', message: `${message}.` };
  if (/NOPERM|no permissions/i.test(text))
    return {
      kind: 'refused',
      message:
        'this user may not run the commands of a queue: give it +@all on the keys mft:* (ACL SETUSER … ~mft:* +@all)',
    };
  if (error.name === 'ReplyError' || /^(ERR|[A-Z]{3,}) /.test(text)) return { kind: 'refused', message: text };
  return undefined;
}
