#pragma once

#include <memory>
#include <string>

namespace bulkhead {
class runtime;
}

namespace bulkhead::detail {

class process_context;
class process_heart;

/// The one thing that this library keeps for the whole process: whether `init` ran, and in a child
/// what it is. Written by `init` and by a child's start, before any other thread is there.
class process_record {
 public:
  static void set_initialised() noexcept;
  static void set_child(std::shared_ptr<process_context> context, bulkhead::runtime* rt) noexcept;

  [[nodiscard]] static bool initialised() noexcept;
  /// @returns nullptr in the host.
  [[nodiscard]] static const std::shared_ptr<process_context>& child_context() noexcept;
  [[nodiscard]] static bulkhead::runtime* child_runtime() noexcept;
  /// @returns nullptr: nobody watches this process.
  [[nodiscard]] static process_heart* heart() noexcept;
};

}  // namespace bulkhead::detail
