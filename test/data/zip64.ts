// A zip archive with one stored member whose central directory speaks ZIP64 where asked, and a comment.
import { crc32 } from 'node:zlib';

export function zip64(
  name: string,
  bytes: Buffer,
  options: { wide?: boolean; records?: boolean; comment?: string },
): Buffer {
  const { wide = false, records = false, comment = '' } = options;
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(45, 4);
  local.writeUInt32LE(crc32(bytes), 14);
  local.writeUInt32LE(bytes.length, 18);
  local.writeUInt32LE(bytes.length, 22);
  local.writeUInt16LE(name.length, 26);
  const extra = Buffer.alloc(wide ? 28 : 0);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(45, 6);
  entry.writeUInt32LE(crc32(bytes), 16);
  entry.writeUInt32LE(wide ? 0xffffffff : bytes.length, 20);
  entry.writeUInt32LE(wide ? 0xffffffff : bytes.length, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt16LE(extra.length, 30);
  entry.writeUInt32LE(wide ? 0xffffffff : 0, 42);
  if (wide) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(BigInt(bytes.length), 4);
    extra.writeBigUInt64LE(BigInt(bytes.length), 12);
  }
  const members = Buffer.concat([local, Buffer.from(name), bytes]);
  const directory = Buffer.concat([entry, Buffer.from(name), extra]);
  const end64 = Buffer.alloc(records ? 76 : 0);
  if (records) {
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(44n, 4);
    end64.writeBigUInt64LE(1n, 24);
    end64.writeBigUInt64LE(1n, 32);
    end64.writeBigUInt64LE(BigInt(directory.length), 40);
    end64.writeBigUInt64LE(BigInt(members.length), 48);
    end64.writeUInt32LE(0x07064b50, 56);
    end64.writeBigUInt64LE(BigInt(members.length + directory.length), 64);
    end64.writeUInt32LE(1, 72);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(members.length, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([members, directory, end64, end, Buffer.from(comment)]);
}
