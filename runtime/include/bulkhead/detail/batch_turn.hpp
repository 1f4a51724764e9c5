#pragma once

#include <cstddef>

namespace bulkhead::detail {

/// How much of an asynchronous batch one attempt sends. Then the batch goes on by a timer that is
/// due, behind what its execution context has to do besides: one whose receivers keep up would hold
/// the context to its end.
class batch_turn {
 public:
  static constexpr std::size_t messages_max = 1024;
  static constexpr std::size_t bytes_max = 1 << 20;

  void begin() noexcept { messages_ = bytes_ = 0; }
  void count(std::size_t bytes) noexcept {
    ++messages_;
    bytes_ += bytes;
  }
  [[nodiscard]] bool is_over() const noexcept {
    return messages_ >= messages_max || bytes_ >= bytes_max;
  }

 private:
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace bulkhead::detail
