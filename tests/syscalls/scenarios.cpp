#include "syscalls/scenarios.hpp"

#include <chrono>
#include <thread>

#include "queue_state.hpp"
#include "syscalls/attach_scene.hpp"
#include "syscalls/call_tracer.hpp"

namespace syscalls {
namespace {

using namespace std::chrono_literals;
using bulkhead::queue;
using bulkhead::to;

constexpr int preloaded = 5;
constexpr auto soon = 20s;

// -- what the processes do ------------------------------------------------------------------------

void send(queue<int> q, queue<int>) {
  call_tracer::wait_for_tracer();
  for (int n = 0; n < 4; ++n) q.send(n);
}

void send_batch(queue<int> q, queue<int>) {
  call_tracer::wait_for_tracer();
  q.send_batch(std::vector{0, 1, 2, 3});
}

void forward_some(queue<int> in, queue<int> out) {
  call_tracer::wait_for_tracer();
  for (int n = 0; n < 3; ++n) {
    auto d = in.take();
    d.forward(out, *d);
  }
}

void forward_batch(queue<int> in, queue<int> out) {
  call_tracer::wait_for_tracer();
  auto all = in.take_batch(3);
  std::vector<int> results;
  for (const auto& d : all) results.push_back(*d);
  bulkhead::forward(all, to(out, results));
}

void reject_some(queue<int> in, queue<int> out) {
  call_tracer::wait_for_tracer();
  in.take().reject("no use");
  auto d = in.take();
  d.forward(out, *d);
}

void release_and_close(queue<int> in, queue<int> out) {
  call_tracer::wait_for_tracer();
  in.take().release();
  in.close();
  auto d = in.take();
  d.forward(out, *d);
}

void join_and_try(queue<int> in, queue<int> out) {
  call_tracer::wait_for_tracer();
  static_cast<void>(in.try_take());
  static_cast<void>(in.take_for(30ms));
  in.join();
  static_cast<void>(out.sent());
}

// Queues of its own: the keeper makes them, gives seats, and memory for long messages is mapped.
void make_queues(queue<int> in, queue<int> out) {
  call_tracer::wait_for_tracer();
  queue<std::string> own{bulkhead::this_process::runtime(), {.capacity = 4}};
  own.send(std::string(300'000, 'x'));
  auto text = own.take();
  auto d = in.take();
  d.forward(to(out, *d), to(own, *text));
}

void talk(bulkhead::pipe_end<int, int> end) {
  call_tracer::wait_for_tracer();
  for (int n = 0; n < 3; ++n) {
    end.send(n);
    static_cast<void>(end.receive());
  }
}

// -- what must be true ----------------------------------------------------------------------------

using work = void (*)(queue<int>, queue<int>);

// Numbers go into `in` and come out of it, of `out` or of the dead letters, each once.
class queue_scene final : public scene {
 public:
  struct plan {
    work run;
    int before;            // numbers that are there when it begins
    std::uint32_t room;    // of both queues
    bool it_sends;         // the numbers, in order, as many as it came to
    bool listens = false;  // a thread of ours sleeps at `in`, to be woken
  };
  queue_scene(bulkhead::runtime& rt, plan p)
      : plan_(p),
        in_(rt, {.capacity = p.room, .max_attempts = 0, .max_deliveries = 0}),
        out_(rt, {.capacity = p.room, .max_attempts = 0, .max_deliveries = 0}),
        after_(rt) {
    for (; next_ < p.before; ++next_) in_.send(next_);
  }
  bulkhead::process start(bulkhead::runtime& rt) override {
    if (plan_.listens) {
      listener_ = std::thread([this] { drain(in_); });
      const auto& parked = in_.core().state()->view().header().signs.parked_receivers;
      while (parked.load() == 0) std::this_thread::yield();
    }
    return rt.spawn({.name = "victim"}, plan_.run, in_, out_);
  }
  // Sends what it waits for, or takes what is in its way.
  void unblock() override {
    if (!plan_.it_sends && plan_.run != join_and_try) {
      std::error_code ec;
      if (in_.try_send(next_, ec)) ++next_;
    }
    drain_one(plan_.it_sends || plan_.run == join_and_try ? in_ : out_);
  }
  std::string check() override {
    const bool woken = !plan_.listens || is_drained_soon();
    in_.close();
    out_.close();
    if (listener_.joinable()) listener_.join();
    if (!woken) return "a sleeper was not woken";
    if (!drain(in_) || !drain(out_)) return "the drain of a closed queue does not end";
    // A rejection that the keeper has heard of.
    const auto letters = in_.dead_letters();
    while (const auto letter = letters.try_receive()) ++seen_[letter->value];
    int expected = plan_.it_sends ? static_cast<int>(seen_.size()) : next_;
    for (int n = 0; n < expected; ++n) {
      if (seen_[n] != 1)
        return "message " + std::to_string(n) + " came " + std::to_string(seen_[n]) + " times";
    }
    if (static_cast<int>(seen_.size()) != expected) return "a message came that nobody sent";
    after_.send(1);
    return after_.receive_for(soon) == 1 ? "" : "the survivor does not go on";
  }

 private:
  void drain_one(const queue<int>& q) {
    std::error_code ec;
    if (const auto n = q.try_receive(ec)) ++seen_[*n];
  }
  // The sleeper comes by itself a second after it fell asleep, should a wake-up be lost.
  [[nodiscard]] bool is_drained_soon() const {
    const auto end = std::chrono::steady_clock::now() + 800ms;
    while (!in_.empty()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }
  bool drain(const queue<int>& q) {
    std::error_code ec;
    while (const auto n = q.receive_for(soon, ec)) ++seen_[*n];
    return ec == bulkhead::errc::closed;
  }

  plan plan_;
  queue<int> in_, out_, after_;
  int next_ = 0;
  std::map<int, int> seen_;
  std::thread listener_;  // alone at `seen_` while it runs
};

template <work Run, int Before, int Room, bool ItSends, bool Listens = false>
std::unique_ptr<scene> on_queues(bulkhead::runtime& rt) {
  return std::make_unique<queue_scene>(rt, queue_scene::plan{Run, Before, Room, ItSends, Listens});
}

// What it sent comes in order, then its end.
class pipe_scene final : public scene {
 public:
  explicit pipe_scene(bulkhead::runtime& rt) {
    auto [mine, its] = bulkhead::make_pipe<int, int>(rt);
    mine_ = std::move(mine);
    its_ = std::move(its);
  }
  bulkhead::process start(bulkhead::runtime& rt) override {
    return rt.spawn({.name = "victim"}, talk, std::move(its_));
  }
  void unblock() override {
    take_what_is_there();
    std::error_code ec;
    mine_.try_send(1, ec);
  }
  std::string check() override {
    std::error_code ec;
    while (const auto n = mine_.receive_for(soon, ec)) count(*n);
    if (ec != bulkhead::errc::peer_crashed && ec != bulkhead::errc::closed) {
      return "its end is not seen: " + ec.message();
    }
    return wrong_ ? "its messages came in another order" : "";
  }

 private:
  void take_what_is_there() {
    std::error_code ec;
    while (const auto n = mine_.try_receive(ec)) count(*n);
  }
  void count(int n) { wrong_ = wrong_ || n != next_++; }

  bulkhead::pipe_end<int, int> mine_, its_;
  int next_ = 0;
  bool wrong_ = false;
};

}  // namespace

const std::vector<scenario>& all_scenarios() {
  static const std::vector<scenario> all{
      {"send", on_queues<send, 0, 64, true>},
      {"send to a sleeper", on_queues<send, 0, 64, true, true>},
      {"send a batch to a sleeper", on_queues<send_batch, 0, 2, true, true>},
      {"make queues, forward to two", on_queues<make_queues, 1, 64, false>},
      {"send to a full lane", on_queues<send, 0, 1, true>},
      {"send a batch", on_queues<send_batch, 0, 64, true>},
      {"send a batch to a full lane", on_queues<send_batch, 0, 2, true>},
      {"take and forward", on_queues<forward_some, preloaded, 64, false>},
      {"take from an empty queue, forward", on_queues<forward_some, 0, 64, false>},
      {"forward to a full queue", on_queues<forward_some, 1, 1, false>},
      {"forward a batch", on_queues<forward_batch, preloaded, 64, false>},
      {"reject and forward", on_queues<reject_some, preloaded, 64, false>},
      {"release, close, take", on_queues<release_and_close, preloaded, 64, false>},
      {"try, wait a while, join", on_queues<join_and_try, 2, 64, false>},
      {"talk through a pipe",
       [](bulkhead::runtime& rt) -> std::unique_ptr<scene> {
         return std::make_unique<pipe_scene>(rt);
       }},
      {"attach, take and forward", attach_and_forward},
  };
  return all;
}

}  // namespace syscalls
