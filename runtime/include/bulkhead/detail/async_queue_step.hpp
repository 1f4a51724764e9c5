#pragma once

#include <bulkhead/detail/async_initiate.hpp>
#include <chrono>
#include <utility>
#include <vector>

// What the steps of a queue's asynchronous calls have in common, and the one that needs no type.
namespace bulkhead::detail {

class queue_step {
 public:
  static constexpr bool together = true;

  queue_step(queue_core queue, async_line line) noexcept : queue_(std::move(queue)), line_(line) {}

  [[nodiscard]] async_home home() const { return home_of(queue_); }
  [[nodiscard]] bool others_wait() const { return detail::others_wait(source()); }
  [[nodiscard]] std::vector<async_source> sources() const { return {source()}; }
  [[nodiscard]] auto look_again() const { return look_again_at(queue_); }

 protected:
  [[nodiscard]] const queue_core& core() const noexcept { return queue_; }

 private:
  [[nodiscard]] async_source source() const {
    async_source s;
    s.queue = queue_.state();
    s.line = line_;
    return s;
  }

  queue_core queue_;
  async_line line_;
};

/// Waits until all messages are settled; in no line, since it takes and sends nothing.
class queue_join_step {
 public:
  static constexpr bool together = false;
  using result = void;

  explicit queue_join_step(queue_core queue) noexcept : queue_(std::move(queue)) {}

  [[nodiscard]] async_home home() const { return home_of(queue_); }
  [[nodiscard]] static bool others_wait() noexcept { return false; }
  [[nodiscard]] std::vector<async_source> sources() const;
  // Second line, as of a join that waits: an attached program of another build may not ring.
  [[nodiscard]] static auto look_again() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(30);
  }
  bool attempt(std::error_code& ec);
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec);
  }

 private:
  queue_core queue_;
};

}  // namespace bulkhead::detail
