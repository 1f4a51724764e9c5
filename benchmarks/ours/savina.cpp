// A Savina-like set (Imam and Sarkar, 2014) across processes, beside the same actors in one CAF
// process, in turn within every round. Prints one JSON object a round and benchmark: millions of
// messages a second, answers counted as messages.
//   ping_pong   this process asks an actor in another
//   counting    a plain thread sends to one actor
//   fork_join   a plain thread sends to four actors, each in a process, which do a little work
//   ring        a token goes round four processes and this one
//   big         four processes, each asks random ones of the four
//   chameneos   four processes meet in pairs in this one
//     bench_savina [--rounds N] [--count N]
#include <algorithm>
#include <bulkhead/actors/spawn_process.hpp>
#include <bulkhead/init.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <vector>

#include "common/number_after.hpp"
#include "ours/both_systems.hpp"
#include "ours/savina_actors.hpp"

namespace {

using namespace bench::savina;
constexpr int others = 4;

/// Where actors are made: in this process, or each in one of its own.
struct in_one_process {
  caf::actor_system& system;
  template <class Handle, class Fn, class... Args>
  Handle make(Fn fn, Args... args) {
    return system.spawn(fn, args...);
  }
};
struct across_processes {
  bulkhead::actors::system& sys;
  caf::actor_system& system = sys.caf();
  template <class Handle, class Fn, class... Args>
  Handle make(Fn fn, Args... args) {
    return bulkhead::actors::spawn_process<Handle>(sys, {}, fn, args...);
  }
};

void fail(const caf::error& why) {
  std::fprintf(stderr, "a request failed: %s\n", to_string(why).c_str());
  std::exit(1);
}

/// @returns the sum of what all of them answer, who are asked at once.
template <class Handle, class... Args>
int ask(caf::scoped_actor& self, const std::vector<Handle>& all, const Args&... args) {
  using pending = decltype(self->request(all.front(), caf::infinite, args...));
  std::vector<pending> asked;
  for (const Handle& one : all) asked.push_back(self->request(one, caf::infinite, args...));
  int sum = 0;
  for (pending& one : asked) one.receive([&](int n) { sum += n; }, fail);
  return sum;
}

/// Millions of messages a second; ends the program where `run` gives another sum.
template <class Run>
double rate(int messages, int sum, Run run) {
  const auto begun = std::chrono::steady_clock::now();
  const int got = run();
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begun;
  if (got != sum) {
    std::fprintf(stderr, "%d instead of %d\n", got, sum);
    std::exit(1);
  }
  return messages / took.count();
}

/// One side of the comparison: its actors, made once, and what they do.
template <class Place>
class stage {
 public:
  explicit stage(Place place) : self_(place.system) {
    mall_ = place.system.spawn(open_mall);
    counter_.push_back(place.template make<counter>(count, 0));
    pinger_.push_back(place.system.spawn(ping, place.template make<ponger>(pong)));
    std::vector<ponger> peers;
    for (int n = 0; n < others; ++n) {
      workers_.push_back(place.template make<counter>(count, 10));
      bigs_.push_back(place.template make<big>(be_big, n + 1));
      creatures_.push_back(place.template make<driver>(be_creature, mall_));
      self_->request(bigs_.back(), caf::infinite, peer_atom::value)
          .receive([&](const ponger& one) { peers.push_back(one); }, fail);
    }
    for (const big& one : bigs_) caf::anon_send(one, peers);
    nodes_.push_back(place.system.spawn(close_ring, ring_));
    for (int n = 0; n < others; ++n) {
      nodes_.push_back(place.template make<node>(pass_on, nodes_.back()));
    }
    ring_->first = nodes_.back();
  }

  double ping_pong(int count) {
    return rate(2 * count, count, [&] { return ask(self_, pinger_, count); });
  }
  double counting(int count) {
    return rate(count, count, [&] { return deal(counter_, count); });
  }
  double fork_join(int count) {
    return rate(count, count, [&] { return deal(workers_, count); });
  }
  double ring(int count) {
    const int hops = count / (others + 1) * (others + 1);
    std::promise<int> done;
    ring_->done = [&] { done.set_value(0); };
    return rate(hops, 0, [&] {
      caf::anon_send(nodes_.front(), hops);
      return done.get_future().get();
    });
  }
  double everyone(int count) {
    const int each = count / others;
    return rate(2 * others * each, others * each, [&] { return ask(self_, bigs_, each); });
  }
  double chameneos(int count) {
    return rate(4 * count, 2 * count, [&] {
      caf::anon_send(mall_, count);
      return ask(self_, creatures_, 1);
    });
  }

 private:
  int deal(const std::vector<counter>& to, int count) {
    for (int n = 0; n < count; ++n) caf::anon_send(to[static_cast<std::size_t>(n) % to.size()], n);
    return ask(self_, to, count_atom::value);
  }

  caf::scoped_actor self_;
  mall mall_;
  std::vector<counter> counter_, workers_;
  std::vector<driver> pinger_, creatures_;
  std::vector<big> bigs_;
  std::vector<node> nodes_;  // the first closes the ring
  std::shared_ptr<ring_gate> ring_ = std::make_shared<ring_gate>();
};

using caf_stage = stage<in_one_process>;
using our_stage = stage<across_processes>;
struct benchmark {
  const char* name;
  double (caf_stage::*in_caf)(int);
  double (our_stage::*in_ours)(int);
  int share;  ///< So many times fewer than --count.
};
constexpr benchmark all[] = {
    {"ping_pong", &caf_stage::ping_pong, &our_stage::ping_pong, 4},
    {"counting", &caf_stage::counting, &our_stage::counting, 1},
    {"fork_join", &caf_stage::fork_join, &our_stage::fork_join, 1},
    {"ring", &caf_stage::ring, &our_stage::ring, 20},
    {"big", &caf_stage::everyone, &our_stage::everyone, 10},
    {"chameneos", &caf_stage::chameneos, &our_stage::chameneos, 10},
};

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  const int rounds = bench::number_after(argc, argv, "--rounds", 7);
  const int count = bench::number_after(argc, argv, "--count", 200'000);
  bench::both_systems systems;
  caf_stage caf({systems.caf});
  our_stage ours({systems.ours});
  for (int round = 0; round < rounds; ++round) {
    for (const benchmark& one : all) {
      const int turns = std::max(count / one.share, 2 * others);
      const double theirs = (caf.*one.in_caf)(turns);
      std::printf("{\"benchmark\": \"%s\", \"caf\": %.4f, \"ours\": %.4f}\n", one.name, theirs,
                  (ours.*one.in_ours)(turns));
      std::fflush(stdout);
    }
  }
  std::fflush(nullptr);
  std::_Exit(0);
}
