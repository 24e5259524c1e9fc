// A training run on disk: everything that continuing with the same bits needs. The file is written beside its place,
// flushed and renamed, so that a kill at any moment leaves the old or the new one; a checksum covers every byte.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mft::train {

// CRC-64 (ECMA-182, reflected), continued from `start`.
std::uint64_t checksum64(std::span<const std::byte> bytes, std::uint64_t start = 0);

// One writer per checkpoint: the kernel's lock on a file beside it (path + ".lock") that is dropped when its holder
// dies, and removed in the end. Throws JOURNAL_LOCKED when another run holds it, DISK. A file system without locks
// gives none.
class CheckpointLock {
 public:
  explicit CheckpointLock(const std::string& path);
  ~CheckpointLock();
  CheckpointLock(const CheckpointLock&) = delete;
  CheckpointLock& operator=(const CheckpointLock&) = delete;

 private:
  std::string path_;
  int descriptor_ = -1;
};

// For the holder of the lock. A link stays a link; its target is replaced. Throws DISK when the file cannot be written:
// the older one stays, no part is left.
void save_checkpoint(const std::string& path, const std::string& key,
                     const std::vector<std::span<const std::byte>>& sections);

// The sections of a checkpoint, or nothing when there is no file. Throws DATA_CHECKSUM (damaged), DATA_FORMAT (no
// checkpoint of ours, no regular file), JOURNAL_MISMATCH (made with another key).
std::vector<std::vector<std::byte>> load_checkpoint(const std::string& path, const std::string& key);

}  // namespace mft::train
