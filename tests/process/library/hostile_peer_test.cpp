// A child that overwrites words of the segments it shares with us, while we work with them. Shows
// most under the sanitizers (./dev check). BULKHEAD_SEED repeats what the child writes,
// BULKHEAD_HOSTILE_SECONDS makes it longer.

#include <bulkhead/bulkhead.hpp>
#include <cstdlib>
#include <random>

#include "process/library/waits.hpp"
#include "queue_state.hpp"
#include "random/scribbler.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using bulkhead_test::soon;
using clock_type = std::chrono::steady_clock;

namespace {

std::uint64_t number_of(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

// Words of the control part, until it is killed. What stops everybody at once is taken back, so
// that there is something to attack.
void scribble(bulkhead::queue<std::string> q, std::uint64_t seed, bulkhead::queue<int> begun) {
  for (int n = 0; n < 4; ++n) q.try_send(std::string(n % 2 == 0 ? 10 : 1000, 'c'));
  static_cast<void>(q.try_take());
  const bulkhead::core::queue_view& view = q.core().state()->view();
  auto* base = reinterpret_cast<std::byte*>(&view.header());
  const auto& layout = view.layout();
  std::vector<random_test::scribbler::part> parts{
      {base, sizeof(bulkhead::core::queue_header)},
      {base + layout.seats_offset, 2 * layout.seat_bytes},
      {base + layout.lanes_offset, 2 * layout.lane_bytes}};
  for (std::uint32_t s = 0; s < 2; ++s) {
    auto* lane = reinterpret_cast<std::byte*>(&view.lane(s));
    parts.push_back({lane, sizeof(bulkhead::core::lane_header)});
    parts.push_back({lane, sizeof(bulkhead::core::lane_header) + 16 * layout.slot_bytes});
  }
  random_test::scribbler peer(seed, std::move(parts));
  begun.send(1);
  for (;;) {
    for (int n = 0; n < 20; ++n) peer.scribble();
    view.header().signs.corrupt = 0;
    view.header().signs.closed = bulkhead::core::closed_state::open;
  }
}

/// Every call of a queue that need not wait; each may fail, and ends.
class worker {
 public:
  worker(bulkhead::queue<std::string> q, std::uint64_t seed) : q_(std::move(q)), dice_(seed) {}

  void call() {
    const auto begin = clock_type::now();
    try {
      one();
      ++done;
    } catch (const bulkhead::error&) {
      ++failed;
    }
    longest = std::max(longest, clock_type::now() - begin);
  }
  std::uint64_t done = 0, failed = 0;
  clock_type::duration longest{};

 private:
  void one() {
    switch (dice_.below(12)) {
      case 0:
      case 1:
      case 2:
        q_.try_send(std::string(dice_.below(dice_.one_in(3) ? 3000 : 40), 'h'));
        break;
      case 3:
        if (auto d = q_.try_take()) d.ack();
        break;
      case 4:
        static_cast<void>(q_.try_take());  // released
        break;
      case 5:
        if (auto d = q_.try_take()) d.try_forward(q_, *d);
        break;
      case 6:
        if (auto d = q_.try_take()) d.reject("no use");
        break;
      case 7:
        static_cast<void>(q_.in_flight());
        static_cast<void>(q_.size());
        break;
      case 8:
        static_cast<void>(q_.join_for(1ms));
        break;
      case 9:
        static_cast<void>(q_.receive_for(1ms));
        break;
      case 10:
        q_.send_for(std::string(100, 'h'), 1ms);
        break;
      default:
        static_cast<void>(q_.dead_letters().try_receive());
        break;
    }
  }

  bulkhead::queue<std::string> q_;
  random_test::dice dice_;
};

}  // namespace

TEST_CASE("a child that writes anywhere in a queue gets us errors, in bounded time",
          "[queue][process][hostile]") {
  const std::uint64_t seed = number_of("BULKHEAD_SEED", std::random_device{}());
  const std::chrono::seconds time(number_of("BULKHEAD_HOSTILE_SECONDS", 3));
  INFO("BULKHEAD_SEED=" << seed);
  random_test::dice dice(seed);
  bulkhead::runtime rt;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  for (const auto end = clock_type::now() + time; clock_type::now() < end;) {
    bulkhead::queue<std::string> q{rt, {.capacity = 8, .max_attempts = 2, .participants = 4}};
    bulkhead::queue<int> begun{rt};
    auto child = rt.spawn(scribble, q, dice.bits(), begun);
    REQUIRE(begun.receive_for(soon) == 1);
    worker me(q, dice.bits());
    for (const auto until = clock_type::now() + 100ms; clock_type::now() < until;) me.call();
    child.kill();
    child.join();  // the keeper's recovery of it ends as well
    for (int n = 0; n < 50; ++n) me.call();
    CHECK(me.longest < 10s);
    done += me.done;
    failed += me.failed;
    // The keeper lives, and others' queues know nothing of it.
    bulkhead::queue<int> other{rt};
    other.send(7);
    REQUIRE(other.receive_for(soon) == 7);
  }
  CHECK(done > 100);
  CHECK(failed > 0);
}
