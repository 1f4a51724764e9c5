#include <atomic>
#include <thread>
#include <vector>

#include "os/barrier.hpp"
#include "random/options.hpp"
#include "runtime/queue_core_memory.hpp"
#include "stress/stress.hpp"
#include "waiting.hpp"

namespace stress {
namespace {

namespace core = bulkhead::core;
namespace detail = bulkhead::detail;
using core::outcome;

constexpr std::uint32_t seats = 6;  // senders 0 and 1, stages 2 and 3, receivers 4 and 5
constexpr std::uint64_t messages_each = 4'000;

struct payload {
  std::uint64_t number;
  std::uint64_t copies[9];  // more than a slot holds inline, in every eighth message

  void set(std::uint64_t n) {
    number = n;
    for (std::uint64_t& c : copies) c = n * 0x9e3779b97f4a7c15u;
  }
  [[nodiscard]] bool whole(std::size_t bytes) const {
    for (std::size_t n = 0; n < (bytes - sizeof number) / sizeof copies[0]; ++n) {
      if (copies[n] != number * 0x9e3779b97f4a7c15u) return false;
    }
    return true;
  }
};

std::size_t bytes_of(std::uint64_t number) { return number % 8 == 0 ? sizeof(payload) : 16; }

struct place {
  place(const core::queue_shape& shape, std::uint64_t id, const core::platform& os)
      : q(shape, id, os) {
    for (std::uint32_t s = 0; s < seats; ++s) q.payload().write(s, 1);  // no thread makes one
  }
  queue_core::memory_queue q;
};

struct world {
  world(const core::queue_shape& shape, const core::platform& os)
      : in(shape, 1, os), out(shape, 2, os), seen(2 * messages_each) {}
  place in, out;
  std::vector<std::atomic<int>> seen;
  std::atomic<bool> bad{false};
};

payload read(place& from, const core::lease& l, std::size_t& bytes) {
  const std::string text = from.q.text(l);
  payload p{};
  bytes = std::min(text.size(), sizeof p);
  std::memcpy(&p, text.data(), bytes);
  return p;
}

detail::time_limit for_ever() { return detail::time_limit(detail::patience::forever()); }

// A blocking send, as queue_state does it.
void send(place& to, core::producer& lane, detail::waiting_room& room, std::uint64_t number) {
  payload p;
  p.set(number);
  detail::attempt_of step([&]() -> detail::attempt_result {
    core::place at;
    if (lane.reserve(bytes_of(number), at) != outcome::done) return std::nullopt;
    std::memcpy(at.bytes, &p, bytes_of(number));
    lane.publish(at);
    return detail::status();
  });
  room.wait(step, for_ever());
  const core::parked_set sleepers(to.q.view(), core::side::receivers);
  if (sleepers.any()) sleepers.wake_one();
}

// @returns false when the queue is closed and drained.
bool take(place& from, core::consumer& taker, detail::waiting_room& room, core::lease& out) {
  bool over = false;
  detail::attempt_of step([&]() -> detail::attempt_result {
    if (taker.take(out)) return detail::status();
    over = core::is_over_for(from.q.view(), taker.seat());
    if (over) return detail::status(bulkhead::errc::closed);
    return std::nullopt;
  });
  room.wait(step, for_ever());
  return !over;
}

void sender(world& w, std::uint32_t seat) {
  core::producer lane = w.in.q.sender(seat);
  detail::waiting_room room(w.in.q.view(), core::side::senders, seat);
  for (std::uint64_t n = 0; n < messages_each; ++n) send(w.in, lane, room, n * 2 + seat);
}

void stage(world& w, std::uint32_t seat) {
  core::producer lane = w.out.q.sender(seat);
  core::consumer taker = w.in.q.receiver(seat);
  detail::waiting_room receivers(w.in.q.view(), core::side::receivers, seat);
  detail::waiting_room senders(w.out.q.view(), core::side::senders, seat);
  core::lease l;
  for (std::uint64_t turn = 0; take(w.in, taker, receivers, l); ++turn) {
    if (turn % 7 == 3) {
      core::release(w.in.q.view(), l);
      continue;
    }
    std::size_t bytes = 0;
    const payload p = read(w.in, l, bytes);
    if (!p.whole(bytes)) w.bad = true;
    detail::attempt_of step([&]() -> detail::attempt_result {
      core::place at;
      if (lane.stage(bytes, 0, at) != outcome::done) {
        lane.drop_staged();
        return std::nullopt;
      }
      std::memcpy(at.bytes, &p, bytes);
      return detail::status();
    });
    senders.wait(step, for_ever());
    const core::forward_input in[] = {{&w.in.q.view(), l}};
    const core::forward_output out[] = {{&lane, 1}};
    core::forward(in, out, w.in.q.view().seat(seat).records[0], 1);
    core::wake_after_forward(in, out);
  }
}

void receiver(world& w, std::uint32_t seat) {
  core::consumer taker = w.out.q.receiver(seat);
  detail::waiting_room room(w.out.q.view(), core::side::receivers, seat);
  core::lease l;
  while (take(w.out, taker, room, l)) {
    std::size_t bytes = 0;
    const payload p = read(w.out, l, bytes);
    if (!p.whole(bytes) || bytes != bytes_of(p.number) || p.number >= w.seen.size() ||
        w.seen[p.number].fetch_add(1, std::memory_order_relaxed) != 0) {
      w.bad = true;
    }
    core::acknowledge(w.out.q.view(), l);
  }
}

}  // namespace

std::uint64_t queue_round(std::uint64_t seed) {
  random_test::dice dice(seed);
  core::queue_shape shape =
      queue_core::small(1 + static_cast<std::uint32_t>(dice.below(40)), seats);
  shape.payload_bytes = 16384;
  const core::platform os = bulkhead::os::make_platform();
  world w(shape, os);
  std::vector<std::thread> threads;
  for (const std::uint32_t s : {4u, 5u}) threads.emplace_back(receiver, std::ref(w), s);
  std::vector<std::thread> stages;
  for (const std::uint32_t s : {2u, 3u}) stages.emplace_back(stage, std::ref(w), s);
  std::vector<std::thread> senders;
  for (const std::uint32_t s : {0u, 1u}) senders.emplace_back(sender, std::ref(w), s);
  for (std::thread& t : senders) t.join();
  core::close(w.in.q.view());
  for (std::thread& t : stages) t.join();
  core::close(w.out.q.view());
  for (std::thread& t : threads) t.join();
  for (const auto& count : w.seen) w.bad = w.bad || count != 1;
  return w.bad ? 0 : w.seen.size();
}

}  // namespace stress
