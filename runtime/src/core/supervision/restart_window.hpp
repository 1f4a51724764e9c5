#pragma once

#include <bulkhead/supervision_events.hpp>
#include <bulkhead/supervision_types.hpp>
#include <chrono>
#include <optional>
#include <vector>

#include "core/supervision/commands.hpp"
#include "core/supervision/instant.hpp"

namespace bulkhead::core {

/// The failures that count against an intensity.
///
/// A failure leaves the window once it is older than the period. Its age does not grow while its
/// child is down, that is between a counted failure and the child's being up again: otherwise a
/// backoff longer than the period would let a child fail for ever. Children age by themselves, so
/// that one that waits does not hold the failures of the others.
class restart_window {
 public:
  restart_window(restart_limit intensity, std::chrono::nanoseconds period)
      : intensity_{intensity}, period_{period} {}

  /// Counts a failure of child `id`, whose failures stop ageing.
  /// @limits keeps at most intensity + 1 failures, none when the intensity is unlimited.
  /// @returns true when there are now more of them than the intensity allows.
  bool count(child_id id, failure what, instant now);

  /// How many failures more it bears.
  [[nodiscard]] std::size_t room(instant now) const;
  /// From when on it bears one, if none comes before; nothing: that is not to be foreseen.
  [[nodiscard]] std::optional<instant> room_from(instant now) const;

  /// The failures of `id` age on: it is up, or nobody tries to start it any more.
  void thaw(child_id id, instant now);

  /// The failures in the window, oldest first.
  [[nodiscard]] std::vector<failure> history() const;

 private:
  struct entry {
    child_id id;
    instant counted_from;  // The time of the failure, moved on by each time that does not count.
    std::optional<instant> frozen_at;
    failure what;
  };

  [[nodiscard]] bool expired(const entry& e, instant now) const;

  restart_limit intensity_;
  std::chrono::nanoseconds period_;
  std::vector<entry> entries_;
};

}  // namespace bulkhead::core
