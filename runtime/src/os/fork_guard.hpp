#pragma once

#include <cstdint>

namespace bulkhead::os {

/// Tells a process from its forked copies: a page that the kernel empties in each copy.
class fork_guard {
 public:
  /// @errors std::system_error.
  fork_guard();
  fork_guard(const fork_guard&) = delete;
  fork_guard& operator=(const fork_guard&) = delete;
  ~fork_guard();

  /// True in the process that made the guard, false in every copy. One load.
  [[nodiscard]] bool in_original_process() const noexcept { return *page_ == mark; }

 private:
  static constexpr std::uint64_t mark = 0x6c616e696769726f;
  volatile std::uint64_t* page_;
};

}  // namespace bulkhead::os
