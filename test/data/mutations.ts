// Deterministic damage to bytes: what a broken download, a bad disk or a hostile file looks like.

/** A small generator of 32-bit numbers (xorshift); the tests need reproducible choices, not good randomness. */
export function choices(seed: number): (below: number) => number {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

/** The bytes with one kind of damage: cut, grown, a flipped bit, a wrong byte in the header, a zeroed stretch, two swapped. */
export function damaged(original: Buffer, seed: number): { bytes: Buffer; kind: string } {
  const pick = choices(seed);
  for (let i = 0; i < 8; i++) pick(2);
  const size = original.length;
  switch (seed % 6) {
    case 0:
      return { kind: 'truncated', bytes: original.subarray(0, pick(size)) };
    case 1: {
      const tail = Buffer.alloc(1 + pick(40));
      for (let i = 0; i < tail.length; i++) tail[i] = pick(256);
      return { kind: 'data appended', bytes: Buffer.concat([original, tail]) };
    }
    case 2: {
      const bytes = Buffer.from(original);
      const at = pick(size);
      bytes[at] = (bytes[at] as number) ^ (1 << pick(8));
      return { kind: 'bit flipped', bytes };
    }
    case 3: {
      const bytes = Buffer.from(original);
      const at = pick(Math.min(24, size));
      bytes[at] = ((bytes[at] as number) + 1 + pick(255)) % 256;
      return { kind: 'header byte changed', bytes };
    }
    case 4: {
      const bytes = Buffer.from(original);
      const at = pick(size);
      bytes.fill(bytes[at] === 0 ? 255 : 0, at, Math.min(size, at + 1 + pick(64)));
      return { kind: 'stretch overwritten', bytes };
    }
    default: {
      const cut = 1 + pick(size - 1);
      return { kind: 'rotated', bytes: Buffer.concat([original.subarray(cut), original.subarray(0, cut)]) };
    }
  }
}
