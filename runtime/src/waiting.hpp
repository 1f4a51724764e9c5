#pragma once

#include <bulkhead/detail/queue_core.hpp>
#include <mutex>
#include <optional>

#include "core/parked_set.hpp"

namespace bulkhead::detail {

/// What an attempt says: nothing (not yet, wait on), or how it ended.
using attempt_result = std::optional<std::error_code>;

/// A step that a waiting call repeats until it succeeds or ends.
class attempt {
 public:
  virtual attempt_result operator()() = 0;

 protected:
  ~attempt() = default;
};

template <class Fn>
class attempt_of final : public attempt {
 public:
  explicit attempt_of(Fn fn) : fn_(std::move(fn)) {}
  attempt_result operator()() override { return fn_(); }

 private:
  Fn fn_;
};

/// The sleepers of one side of a queue in this process: its threads share the seat's park word and
/// its bit.
class waiting_room {
 public:
  waiting_room(const core::queue_view& queue, core::side which, std::uint32_t seat) noexcept
      : parked_(queue, which), queue_(&queue), seat_(seat) {}

  /// Repeats `step` until it ends: at once, after a short spin, then sleeping between wake-ups.
  /// @returns how it ended; errc::full when patience is none and it did not; errc::timed_out at the
  /// deadline.
  std::error_code wait(attempt& step, patience how_long);

 private:
  attempt_result spin(attempt& step) const;
  std::error_code sleep(attempt& step, patience how_long);
  void announce();
  bool withdraw();

  core::parked_set parked_;
  const core::queue_view* queue_;
  std::uint32_t seat_;
  std::mutex mutex_;
  std::uint32_t sleepers_ = 0;
};

}  // namespace bulkhead::detail
