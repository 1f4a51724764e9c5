#pragma once

#include <vector>

#include "core/directory.hpp"
#include "os/segment.hpp"

namespace bulkhead::os {

/// The directory's only writer.
class directory_writer {
 public:
  /// @errors std::system_error.
  directory_writer();

  /// For others to map, read-only: a seal sees to that.
  [[nodiscard]] int fd() const noexcept { return segment_.get(); }

  /// Takes an entry for a process that is about to be. @errors bulkhead::error errc::start_failed:
  /// all are taken.
  [[nodiscard]] std::uint32_t take(std::uint32_t serial);
  void set_pid(std::uint32_t entry, std::int32_t pid) noexcept;
  /// Asks the process of an entry to stop, and wakes what waits for that.
  void ask_to_stop(std::uint32_t entry) noexcept;
  void give_back(std::uint32_t entry) noexcept;

 private:
  core::directory_entry& at(std::uint32_t entry) noexcept;

  unique_fd segment_;
  mapping map_;
  std::vector<std::uint32_t> free_;
};

}  // namespace bulkhead::os
