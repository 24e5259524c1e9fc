// The network in the address of the page: #{"system":…,"spec":{…}}, so that a link holds it.
import type { State } from '../protocol.js';

/** The state an address holds; undefined for one that holds none. What its fields mean is checked by the server. */
export function stateIn(hash: string): State | undefined {
  try {
    const { system, spec } = JSON.parse(decodeURIComponent(hash.replace(/^#/, ''))) as Partial<State>;
    if (typeof system !== 'string' || typeof spec !== 'object' || spec === null || Array.isArray(spec))
      return undefined;
    return { system, spec };
  } catch {
    return undefined;
  }
}

export const addressOf = (state: State): string => `#${encodeURIComponent(JSON.stringify(state))}`;
