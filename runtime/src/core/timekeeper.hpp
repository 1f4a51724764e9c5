#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "core/queue_view.hpp"

namespace bulkhead::core {

/// The deadlines of one queue: leases that end although their taker lives, and messages that were
/// released with a delay. The keeper runs it, since a taker may be stopped or busy. Times are
/// milliseconds of one clock that all processes share.
class timekeeper {
 public:
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
  using clock = std::uint64_t (*)() noexcept;

  explicit timekeeper(clock now_ms) noexcept : now_ms_(now_ms) {}

  /// Gives back what is due. A lease counts from when it is first seen here, so it lasts up to a
  /// quarter longer than the queue says; an extended one until its own time.
  /// @returns when to look again; `never` when nothing can become due before somebody says so.
  std::uint64_t look(const queue_view& queue);
  /// True when the last look met messages without a delivery left: R3 buries them.
  [[nodiscard]] bool found_used_up() const noexcept { return found_used_up_; }

 private:
  struct sighting {
    std::uint64_t word = 0;
    std::uint64_t since_ms = 0;
  };
  std::uint64_t look_at(const queue_view& queue, std::uint32_t lane, std::uint32_t index);
  std::uint64_t due_of_lease(const queue_view& queue, std::uint32_t lane, std::uint32_t index,
                             slot_word leased, std::uint64_t said);

  clock now_ms_;
  std::uint64_t began_ms_ = 0;  // the look; what becomes due in its course is for the next one
  std::vector<std::vector<sighting>> seen_;  // by lane and slot
  std::uint64_t returned_ = 0;
  bool found_used_up_ = false;
};

enum class deadline_kind : std::uint8_t {
  extension,  ///< Of a lease; never makes it shorter.
  delay,      ///< Of a message that is about to be released.
};
/// When a taken message is due that has a time of its own, as its slot_deadline says it. @returns
/// false: the lease is over, or about to be; nothing was said.
bool set_deadline(const queue_view& queue, std::uint32_t lane, std::uint32_t index, slot_word word,
                  std::uint64_t at_ms, deadline_kind kind) noexcept;

}  // namespace bulkhead::core
