#include <algorithm>
#include <bulkhead/detail/pipe_port.hpp>
#include <chrono>
#include <utility>

#include "core/relax.hpp"

// The short looks before a wait, while the peer is awake and about to come. Out of line and cold,
// so that the calls that need not wait stay short.
//
// How long: a sleep costs two switches and a wake-up, tens of microseconds between two CPUs, so a
// spin of that length costs at most twice what the better choice would (Karlin et al., Empirical
// Studies of Competitive Spinning, SOSP 1991). `patience` grows by each success and falls by each
// failure, so that a process whose peer sleeps or shares its CPU goes to the wait proper at once.
//
// How often: each look takes the line of memory from the peer that is about to write it. Where the
// peer answers what we sent, it is looked at all the time; where messages only come, after pauses
// that grow as long as each brings several messages (`pauses`).
namespace bulkhead::detail {
namespace {

using std::chrono::steady_clock;

constexpr std::uint32_t patience_most_ns = 50'000;
constexpr std::uint32_t patience_least_ns = 100;
constexpr std::uint32_t pauses_most = 32;
constexpr std::uint32_t pauses_at_first = 4;
constexpr std::uint32_t looks_a_reading = 64;  // of the clock
constexpr std::uint32_t trial_every = 8;       // spins, for a pause where none paid last time

void pause(std::uint32_t times) noexcept {
  for (std::uint32_t n = 0; n < times; ++n) core::relax();
}

/// Pauses and looks by turns. The clock takes as long as a message between two CPUs, so it is first
/// read when some time has passed, and seldom.
template <class Look>
bool spin(std::uint32_t& patience_ns, std::uint32_t pauses, Look look) noexcept {
  steady_clock::time_point end{};
  do {
    for (std::uint32_t n = 0; n < looks_a_reading; n += 1 + pauses / 2) {
      // Without pauses to speak of, eight looks for each.
      pause(pauses != 0 ? pauses : static_cast<std::uint32_t>(n % 8 == 7));
      if (!look()) continue;
      patience_ns = std::clamp(patience_ns * 2, patience_least_ns, patience_most_ns);
      return true;
    }
    if (patience_ns <= patience_least_ns) break;
    const auto now = steady_clock::now();
    if (end == steady_clock::time_point{}) end = now + std::chrono::nanoseconds(patience_ns);
    if (now >= end) break;
  } while (true);
  patience_ns = std::max(patience_ns / 2, patience_least_ns);
  return false;
}

// What a side that rides behind the other does after it has let it go ahead: where that brought
// next to nothing, the other is not that fast, and it is long before the next try.
std::int32_t rides_after(std::uint64_t brought) noexcept {
  constexpr std::int32_t rides_apart = 1024;
  return brought > ridden_for / 2 ? 0 : -rides_apart;
}

}  // namespace

// An eighth of the ring, so that a sender that is faster than its receiver does not fetch the
// head's line for each message; what there is when the patience ends will do.
[[gnu::noinline, gnu::cold]] bool pipe_out_port::spin_for_room() noexcept {
  const std::uint64_t wanted = capacity / 8 + 1;
  const auto pauses =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(capacity / 64, pauses_most));
  return spin(patience_ns, pauses, [&] { return look(wanted); }) || look(1);
}

[[gnu::noinline, gnu::cold]] bool pipe_out_port::fall_behind() noexcept {
  pause(pauses_most);
  const bool any = look(1);
  rides = rides_after(any ? free_to - tail() : 0);
  return any || spin_for_room();
}

// Not where we are asked and answer: there each message is waited for.
[[gnu::noinline, gnu::cold]] bool pipe_in_port::fall_behind() noexcept {
  const std::uint64_t now_sent = sent->load(std::memory_order_relaxed);
  const bool answers = std::exchange(sent_while, now_sent) != now_sent;
  if (!answers) pause(pauses_most);
  const bool any = look();
  rides = answers ? 0 : rides_after(any ? limit - head() : 0);
  return any || spin_for_message();
}

[[gnu::noinline, gnu::cold]] bool pipe_in_port::spin_for_message() noexcept {
  const std::uint64_t now_sent = sent->load(std::memory_order_relaxed);
  const bool is_answer = now_sent != sent_seen;
  sent_seen = now_sent;
  if (is_answer) {
    pauses = 0;
  } else if (pauses == 0 && ++spins % trial_every == 0) {
    pauses = pauses_at_first;
  }
  // The answer's line comes along with the tail's, and not after it.
  const std::byte* const next = slots + (head() & mask) * stride;
  if (!spin(patience_ns, pauses, [&] {
        if (is_answer) fetch_to_read(next);
        return look();
      })) {
    return false;
  }
  if (pauses != 0) {
    pauses = limit - head() > 1 ? std::min(pauses * 2, pauses_most) : pauses / 2;
  }
  return true;
}

[[gnu::noinline, gnu::cold]] bool spin_for_frame(pipe_in_port& port) noexcept {
  return spin(port.patience_ns, 0, [&] {
    // Acquire: who sees the tail sees the frames before it (S3).
    return port.shared_tail->load(std::memory_order_acquire) != port.limit;
  });
}

}  // namespace bulkhead::detail
