#pragma once

#include <initializer_list>
#include <string>

#include "core/credits.hpp"

namespace support {

namespace core = bulkhead::core;

/// What a queue with a total holds, by a look at every word of it.
struct credit_census {
  std::uint64_t messages = 0;    ///< Waiting, leased, out of delivery.
  std::uint64_t claims = 0;      ///< Credits of places where nothing is published.
  std::uint64_t free = 0;        ///< Credits.
  std::uint64_t uncredited = 0;  ///< Messages that no credit names.

  /// @returns what is wrong, or an empty string.
  [[nodiscard]] std::string trouble(std::uint32_t total) const {
    if (messages + claims > total) {
      return std::to_string(messages) + " messages and " + std::to_string(claims) +
             " claims in a queue with a total of " + std::to_string(total);
    }
    return uncredited == 0 ? "" : std::to_string(uncredited) + " messages have no credit";
  }
};

/// An input of a committed forward is settled, though its place says so later.
inline bool is_settled_input(const core::queue_view& queue, std::uint32_t lane, core::position at,
                             std::initializer_list<const core::queue_view*> homes) {
  for (const core::queue_view* home : homes) {
    for (std::uint32_t seat = 0; seat < home->seats_used(); ++seat) {
      for (const core::forward_record& record : home->seat(seat).records) {
        if (record.state.load() != core::record_state::committed) continue;
        for (std::uint32_t n = 0; n < record.input_count; ++n) {
          const auto& in = record.inputs[n];
          if (in.queue == queue.header().id && in.seat == lane && in.position == at) return true;
        }
      }
    }
  }
  return false;
}

/// @param homes the queues in which forward records may lie.
inline credit_census count_credits(const core::queue_view& queue,
                                   std::initializer_list<const core::queue_view*> homes) {
  credit_census all;
  const std::uint32_t total = queue.shape().total;
  for (std::uint32_t n = 0; n < total; ++n) {
    const core::credit_name name{queue.credit_at(n).name.load()};
    const bool past =
        name.is_empty() ||
        name.is_past(queue.slot_at(name.seat(), name.index()).load(std::memory_order_acquire));
    if (past) {
      ++all.free;
    } else if (queue.slot_at(name.seat(), name.index())
                   .load(std::memory_order_acquire)
                   .is(core::slot_state::free)) {
      ++all.claims;
    }
  }
  queue.each_slot([&](std::uint32_t lane, std::uint32_t index, const core::slot& s) {
    const core::slot_word w = s.load(std::memory_order_acquire);
    if (w.is(core::slot_state::free)) return;
    const core::position at = core::make_position(w.lap(), index);
    if (w.is(core::slot_state::pinned) && is_settled_input(queue, lane, at, homes)) return;
    ++all.messages;
    const std::uint32_t credit = queue.slot_credit_at(lane, index).credit.load();
    if (credit >= total ||
        queue.credit_at(credit).name.load() != core::credit_name::of(lane, at).bits) {
      ++all.uncredited;
    }
  });
  return all;
}

}  // namespace support
