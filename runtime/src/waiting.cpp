#include "waiting.hpp"

#include <sched.h>
#include <algorithm>

#include "core/relax.hpp"
#include "os/futex.hpp"

namespace bulkhead::detail {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;
using core::look;

// A wake-up costs 5 us on one CPU and tens across two: a spin of 4 us finds the message of a peer
// that is awake. It looks every half microsecond only, since each look takes the line of memory
// from the peer that is about to write it; so a peer that is slower gets to write several messages
// in between. Where spins find nothing, as on a CPU that the peer shares, they get shorter by half
// each time, and long again with the first that does. They are timed, since PAUSE takes from 3 to
// 140 cycles.
constexpr auto look_every = 500ns;
constexpr std::uint32_t looks_most = 8;
// Second line, should a wake-up ever be lost: a sleeper looks again after 1 s, then 2 s, up to 30
// s.
constexpr auto look_again_first = 1s;
constexpr auto look_again_most = 30s;

/// A queue's seat.
class seat_parking final : public parking {
 public:
  seat_parking(const core::queue_view& queue, core::side which, std::uint32_t seat) noexcept
      : parked_(queue, which), queue_(&queue), seat_(seat) {}
  [[nodiscard]] std::atomic<std::uint32_t>& word() const noexcept override {
    return parked_.park_word(seat_);
  }
  void announce() noexcept override { parked_.announce(seat_); }
  bool withdraw() noexcept override { return parked_.withdraw(seat_); }
  void pass_on() noexcept override { parked_.wake_one(); }
  [[nodiscard]] const core::platform& os() const noexcept override { return queue_->os(); }

 private:
  core::parked_set parked_;
  const core::queue_view* queue_;
  std::uint32_t seat_;
};

}  // namespace

waiting_room::waiting_room(const core::queue_view& queue, core::side which, std::uint32_t seat)
    : place_(std::make_unique<seat_parking>(queue, which, seat)) {}

// Out of line and cold, so that the calls that need not wait stay short.
[[gnu::noinline, gnu::cold]] attempt_result waiting_room::spin(attempt& step) {
  const std::uint32_t looks = has_spun_ ? 0 : looks_.load(std::memory_order_relaxed);
  auto next = looks == 0 ? steady_clock::time_point() : steady_clock::now();
  for (std::uint32_t n = 0; n < looks; ++n) {
    next += look_every;
    std::optional<status> result;
    do {
      core::relax();
      if (looks_all_the_time_) result = step(look::quick);
    } while (!result && steady_clock::now() < next);
    if (!result) result = step(n + 1 < looks ? look::quick : look::thorough);
    if (result) {
      looks_.store(looks_most, std::memory_order_relaxed);
      return result;
    }
  }
  looks_.store(std::max(looks / 2, std::uint32_t{1}), std::memory_order_relaxed);
  // Where the peer shares our CPU it can only go on when we let it; one yield finds that at half
  // the price of a sleep.
  sched_yield();
  return step(look::thorough);
}

void waiting_room::announce() {
  const std::lock_guard lock(mutex_);
  ++sleepers_;
  place_->announce();
}

// The seat's bit stays while other threads of this process sleep under it. @returns false when a
// waker had taken it.
bool waiting_room::withdraw() {
  const std::lock_guard lock(mutex_);
  return --sleepers_ != 0 || place_->withdraw();
}

// What it throws, e.g. where a result cannot be encoded, leaves no announcement behind.
attempt_result waiting_room::step_announced(attempt& step) {
  try {
    return step(look::thorough);
  } catch (...) {
    if (!withdraw()) place_->pass_on();
    throw;
  }
}

[[gnu::noinline, gnu::cold]] status waiting_room::sleep(attempt& step, const time_limit& limit) {
  const core::waiting_mark mark(place_->os().heart);
  auto& word = place_->word();
  auto look_again = steady_clock::duration(look_again_first);
  for (;;) {
    // Read before the announcement: a wake-up from then on changes it, and the sleep ends at once.
    const std::uint32_t seen = word.load(std::memory_order_acquire);
    announce();
    place_->os().heavy_barrier();
    if (auto result = step_announced(step)) {
      // Chosen by a waker while we helped ourselves: what it announced is another sleeper's.
      if (!withdraw()) place_->pass_on();
      return *result;
    }
    os::futex_wait(word, seen, limit.or_sooner(steady_clock::now() + look_again));
    look_again = std::min<steady_clock::duration>(look_again * 2, look_again_most);
    const bool untouched = withdraw();
    auto result = step(look::thorough);
    if (!result && limit.is_over()) result = errc::timed_out;
    if (!result) continue;
    // Chosen, and leaving with nothing.
    if (result->failed() && !untouched) place_->pass_on();
    return *result;
  }
}

status waiting_room::wait(attempt& step, const time_limit& limit) {
  if (auto result = step(limit.may_wait() ? look::quick : look::thorough)) return *result;
  if (!limit.may_wait()) return errc::full;
  if (auto result = spin(step)) return *result;
  return sleep(step, limit);
}

}  // namespace bulkhead::detail
