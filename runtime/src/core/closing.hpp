#pragma once

#include "core/queue_view.hpp"

namespace bulkhead::core {

/// Closes a queue for good: senders fail from now on, receivers get what is left. Repeatable, by
/// anyone, at any time.
void close(const queue_view& queue) noexcept;

/// True when `seat` may be told that a closed queue has nothing more for it: nothing waits, and
/// nothing that others hold or are forwarding can come back. A seat that holds leases itself is
/// told as soon as nothing waits, so that it can settle them.
bool is_over_for(const queue_view& queue, std::uint32_t seat) noexcept;

/// How many messages of a queue wait and how many are held by takers. Exact while nobody sends or
/// takes.
struct census {
  std::uint64_t waiting = 0;
  std::uint64_t held = 0;
  std::uint64_t held_by_seat = 0;
};
census count_messages(const queue_view& queue, std::uint32_t seat) noexcept;
/// The same without a look at each slot, for a closed queue, which many receivers ask at once.
/// Exact but for forwards that are under way.
/// @limits all_of_them: false ends the count with the first message that waits.
census count_left(const queue_view& queue, std::uint32_t seat, bool all_of_them = true) noexcept;

/// True when a message is not settled: it waits, is held, or is poison that found no room among the
/// dead letters. One that moves from lane to lane may be missed. The look begins behind slot
/// `index` of lane `lane`, where under load the next one is.
bool any_unsettled(const queue_view& queue, std::uint32_t lane = 0,
                   std::uint32_t index = 0) noexcept;

/// True when at one moment of the call all messages were settled. One look is not enough: a message
/// whose taker sends another before it acknowledges may always be where the look is not. A slot's
/// laps only grow, so when two looks find all of them free, at the same laps, none was used from
/// the first to the second.
bool all_settled(const queue_view& queue) noexcept;

/// How a joiner waits: it sleeps on header().settled, or listens to the senders' bell.
enum class joiner : std::uint32_t { sleeps = 1, listens = 2 };
/// Says that somebody is going to wait until all is settled. The caller does a heavy barrier and
/// looks again before it does.
void announce_joiner(const queue_view& queue, joiner how) noexcept;
/// Wakes all who wait until everything is settled; they look for themselves.
void wake_joiners(const queue_view& queue) noexcept;
/// Wakes all who wait for anything, announced or not.
void wake_everyone(const queue_view& queue) noexcept;

}  // namespace bulkhead::core
