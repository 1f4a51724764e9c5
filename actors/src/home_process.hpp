#pragma once

#include <unistd.h>

namespace bulkhead::actors::detail {

/// Remembers the process in which it was made. In a forked copy of it there are no threads to join:
/// destructors must do nothing.
class home_process {
 public:
  [[nodiscard]] bool is_this() const noexcept { return ::getpid() == id_; }

 private:
  pid_t id_ = ::getpid();
};

}  // namespace bulkhead::actors::detail
