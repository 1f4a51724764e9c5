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

  /// True in the process that made the guard, until it is lifted; false in every copy. One load.
  [[nodiscard]] bool stands() const noexcept { return *page_ == mark; }
  /// True in the process that made the guard, lifted or not.
  [[nodiscard]] bool in_original_process() const noexcept { return *page_ != 0; }
  /// What is guarded is over, here too. Not in a copy.
  void lift() noexcept { *page_ = lifted; }

 private:
  static constexpr std::uint64_t mark = 0x6c616e696769726f;
  static constexpr std::uint64_t lifted = 1;
  volatile std::uint64_t* page_;
};

}  // namespace bulkhead::os
