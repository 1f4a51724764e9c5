#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

#include "os/unique_fd.hpp"

namespace bulkhead::os {

// Shared memory without a name: a memfd, whose size is sealed so that nobody can make another
// process's access to it fail. Its pages are reserved before they are touched, so that a machine
// without memory gives an error and no SIGBUS.

/// Makes a segment of zeroes. `name` shows in /proc/<pid>/maps only.
/// @errors std::system_error.
[[nodiscard]] unique_fd make_segment(const char* name, std::uint64_t bytes);

/// Reserves memory for a range, which keeps its content. Repeatable.
/// @returns ENOSPC or ENOMEM when there is none; then nothing was touched.
[[nodiscard]] std::error_code reserve_range(int segment, std::uint64_t offset,
                                            std::uint64_t bytes) noexcept;

/// @returns the size of a segment, or 0 when the descriptor is none whose size is sealed: then
/// nobody must map it.
[[nodiscard]] std::uint64_t sealed_bytes(int segment) noexcept;

/// Copies the beginning of a segment. For one look that is cheaper than to map it.
/// @errors std::system_error: it is shorter, or cannot be read.
void read_beginning(int segment, std::span<std::byte> to);

/// Lets nobody map the segment writable from now on; mappings that are there stay.
/// @errors std::system_error.
void seal_future_writes(int segment);

enum class access : std::uint8_t { read, read_write };

/// A range of a segment in this process's memory; not in that of its forked copies.
class mapping {
 public:
  mapping() noexcept = default;
  /// @limits offset is a multiple of the page size.
  /// @errors std::system_error.
  mapping(int segment, std::uint64_t offset, std::size_t bytes, access allowed);
  mapping(mapping&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  mapping& operator=(mapping&& other) noexcept;
  mapping(const mapping&) = delete;
  mapping& operator=(const mapping&) = delete;
  ~mapping() { reset(); }

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  void reset() noexcept;
  /// Touches a range beforehand, for reading what is there or for writing, at once and so more
  /// cheaply than page by page. Repeatable. @limits the offset is a multiple of the page size.
  /// @returns ENOMEM or EFAULT when there is no memory.
  [[nodiscard]] std::error_code populate(std::size_t offset, std::size_t bytes,
                                         access wanted) const noexcept;

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace bulkhead::os
