#include "train/checkpoint.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.h"

namespace mft::train {
namespace {

constexpr std::array<char, 8> kMagic = {'M', 'F', 'T', 'T', 'R', 'A', 'I', '1'};
constexpr std::size_t kLargestKey = 4096;
constexpr std::size_t kLargestSections = 1024;

using Tables = std::array<std::array<std::uint64_t, 256>, 8>;

constexpr Tables crc_tables() {
  Tables tables{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xC96C5795D7870F42ull : 0);
    tables[0][i] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t i = 0; i < 256; ++i) tables[k][i] = tables[0][tables[k - 1][i] & 0xff] ^ (tables[k - 1][i] >> 8);
  return tables;
}
constexpr Tables kTables = crc_tables();

// A file descriptor that closes itself.
class File {
 public:
  File(const std::string& path, int flags) : path_(path), descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  void write(std::span<const std::byte> bytes) {
    checksum_ = checksum64(bytes, checksum_);
    while (!bytes.empty()) {
      const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) throw failure("could not be written");
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
  }
  void read(std::span<std::byte> bytes) {
    const std::span<const std::byte> whole = bytes;
    while (!bytes.empty()) {
      const ssize_t done = ::read(descriptor_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) throw Error("DATA_CHECKSUM", "checkpoint", "The checkpoint " + path_ + " is truncated.");
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
    checksum_ = checksum64(whole, checksum_);
  }
  std::uint64_t checksum() const { return checksum_; }
  Error failure(const std::string& what) const {
    return Error("DISK", "checkpoint", "The checkpoint " + path_ + " " + what + ": " + std::strerror(errno) + ".");
  }

 private:
  std::string path_;
  int descriptor_;
  std::uint64_t checksum_ = 0;
};

// The file that a path names, links followed; the path itself where nothing is yet.
std::string place_of(const std::string& path) {
  std::error_code error;
  const std::filesystem::path place = std::filesystem::canonical(path, error);
  return error ? path : place.string();
}

std::span<const std::byte> bytes_of(const std::uint64_t& value) { return std::as_bytes(std::span(&value, 1)); }

std::uint64_t read_number(File& file) {
  std::uint64_t value = 0;
  file.read(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

}  // namespace

std::uint64_t checksum64(std::span<const std::byte> bytes, std::uint64_t start) {
  std::uint64_t crc = ~start;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    word ^= crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k) crc ^= kTables[7 - k][(word >> (8 * k)) & 0xff];
  }
  for (; i < bytes.size(); ++i) crc = kTables[0][(crc ^ std::to_integer<std::uint64_t>(bytes[i])) & 0xff] ^ (crc >> 8);
  return ~crc;
}

CheckpointLock::CheckpointLock(const std::string& path) : path_(place_of(path) + ".lock") {
  for (;;) {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    if (descriptor_ < 0)
      throw Error("DISK", "checkpoint",
                  "The lock of the checkpoint, " + path_ + ", could not be made: " + std::strerror(errno) + ".");
    int status = 0;
    do {
      status = ::flock(descriptor_, LOCK_EX | LOCK_NB);
    } while (status != 0 && errno == EINTR);
    if (status != 0 && errno == EWOULDBLOCK) {
      ::close(descriptor_);
      throw Error("JOURNAL_LOCKED", "checkpoint",
                  "Another run writes the checkpoint " + path + ". Wait for it, or name another file.");
    }
    // Who held it before may have removed it between opening and locking: then another run can hold the new one.
    struct stat held {
    }, there{};
    if (::fstat(descriptor_, &held) == 0 && ::stat(path_.c_str(), &there) == 0 && held.st_dev == there.st_dev &&
        held.st_ino == there.st_ino)
      return;
    ::close(descriptor_);
  }
}

CheckpointLock::~CheckpointLock() {
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

void save_checkpoint(const std::string& path, const std::string& key,
                     const std::vector<std::span<const std::byte>>& sections) {
  const std::string place = place_of(path), beside = place + ".partial";
  // What a killed run left.
  ::unlink(beside.c_str());
  try {
    File file(beside, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.is_open()) throw file.failure("could not be opened");
    file.write(std::as_bytes(std::span(kMagic)));
    file.write(bytes_of(key.size()));
    file.write(std::as_bytes(std::span(key.data(), key.size())));
    file.write(bytes_of(sections.size()));
    for (const std::span<const std::byte> section : sections) file.write(bytes_of(section.size()));
    for (const std::span<const std::byte> section : sections) file.write(section);
    const std::uint64_t checksum = file.checksum();
    file.write(bytes_of(checksum));
    if (::fsync(file.descriptor()) != 0) throw file.failure("could not be flushed");
    if (::rename(beside.c_str(), place.c_str()) != 0) throw file.failure("could not be put in place");
  } catch (...) {
    ::unlink(beside.c_str());
    throw;
  }
  // The renaming itself must reach the disk.
  const std::filesystem::path folder = std::filesystem::path(place).parent_path();
  const File directory(folder.empty() ? "." : folder.string(), O_RDONLY | O_DIRECTORY);
  if (directory.is_open()) ::fsync(directory.descriptor());
}

std::vector<std::vector<std::byte>> load_checkpoint(const std::string& path, const std::string& key) {
  // Without waiting for whoever writes to a pipe.
  File file(path, O_RDONLY | O_NONBLOCK);
  if (!file.is_open()) {
    if (errno == ENOENT) return {};
    throw file.failure("could not be opened");
  }
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) throw file.failure("could not be read");
  if (!S_ISREG(status.st_mode))
    throw Error("DATA_FORMAT", "checkpoint",
                "The checkpoint " + path + " is " + (S_ISDIR(status.st_mode) ? "a folder" : "no regular file") +
                    "; name a file.");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const Error damaged("DATA_CHECKSUM", "checkpoint",
                      "The checkpoint " + path + " is damaged; delete it to start again.");
  std::array<char, 8> magic{};
  if (size < 40) throw damaged;
  file.read(std::as_writable_bytes(std::span(magic)));
  if (magic != kMagic) throw Error("DATA_FORMAT", "checkpoint", path + " is no checkpoint of a training run.");
  const std::uint64_t key_length = read_number(file);
  if (key_length > kLargestKey || key_length > size) throw damaged;
  std::string found(key_length, '\0');
  file.read(std::as_writable_bytes(std::span(found.data(), found.size())));
  const std::uint64_t count = read_number(file);
  if (count > kLargestSections) throw damaged;
  std::vector<std::uint64_t> lengths;
  std::uint64_t total = kMagic.size() + 8 + key_length + 8 + 8 * count + 8;
  for (std::uint64_t i = 0; i < count; ++i) {
    lengths.push_back(read_number(file));
    if (lengths.back() > size) throw damaged;
    total += lengths.back();
  }
  if (total != size) throw damaged;
  std::vector<std::vector<std::byte>> sections;
  for (const std::uint64_t length : lengths) {
    sections.emplace_back(length);
    file.read(sections.back());
  }
  const std::uint64_t expected = file.checksum();
  if (read_number(file) != expected) throw damaged;
  const auto without_steps = [](const std::string& full) { return full.substr(0, full.find(' ')); };
  if (found != key && without_steps(found) == without_steps(key))
    throw Error("JOURNAL_MISMATCH", "steps",
                "The checkpoint " + path +
                    " belongs to a run with another number of steps, on which its schedule depends; give the same "
                    "number, or another file.");
  if (found != key)
    throw Error(
        "JOURNAL_MISMATCH", "checkpoint",
        "The checkpoint " + path + " belongs to another run (spec, data or options differ); give another file.");
  return sections;
}

}  // namespace mft::train
