// Fan-out and fan-in: one actor cuts a range into parts, asks workers in processes of their own
// for the primes of each, and answers with the sum. A worker dies over one part, which its next
// incarnation does again: counting has no effect but its answer, so `retry` may be chosen.
#include <bulkhead/actors/actors.hpp>
#include <bulkhead/bulkhead.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace actors = bulkhead::actors;

// From the first number to before the last: how many primes?
using counter = caf::typed_actor<caf::replies_to<int, int>::with<int>>;

bool is_prime(int n) {
  for (int d = 2; d <= n / d; ++d) {
    if (n % d == 0) return false;
  }
  return n > 1;
}

counter::behavior_type count(counter::pointer) {
  return {[](int first, int last) {
    if (first == 500'000 && bulkhead::this_process::incarnation() == 1) ::raise(SIGKILL);
    int found = 0;
    for (int n = first; n < last; ++n) found += is_prime(n) ? 1 : 0;
    return found;
  }};
}

// A counter itself: trees of them are made in the same way.
counter::behavior_type gather(counter::pointer self, std::vector<counter> workers, int parts) {
  return {[=](int first, int last) {
    auto promise = self->make_response_promise<int>();
    const auto sum = std::make_shared<int>(0);
    const auto left = std::make_shared<int>(parts);
    const int size = (last - first + parts - 1) / parts;
    for (int part = 0; part < parts; ++part) {
      const int from = first + part * size;
      const auto& worker = workers[static_cast<std::size_t>(part) % workers.size()];
      self->request(worker, caf::infinite, from, std::min(from + size, last))
          .then(
              [=](int found) mutable {
                *sum += found;
                if (--*left == 0) promise.deliver(*sum);
              },
              [=](const caf::error& why) mutable { promise.deliver(why); });
    }
    return promise;
  }};
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  actors::system sys{rt};
  bulkhead::supervisor sup{rt};
  caf::scoped_actor self{sys.caf()};
  std::vector<counter> workers;
  for (const char* name : {"worker-1", "worker-2", "worker-3"}) {
    workers.push_back(actors::spawn_process<counter>(
        sys, sup, {.name = name}, {.during_restart = actors::during_restart::retry}, count));
    actors::watch(self, workers.back());
  }
  const counter all = sys.caf().spawn(gather, workers, 40);
  self->request(all, caf::infinite, 0, 1'000'000)
      .receive([](int found) { std::cout << found << " primes below 1000000\n"; },
               [&](const caf::error& why) { std::cout << sys.caf().render(why) << '\n'; });
  self->receive([&](const actors::restarted& what) {
    std::cout << "a worker died of signal " << what.status.signal << ", incarnation "
              << what.incarnation << " did its part\n";
  });
}
// examples/fan_out/fan_out prints
//   78498 primes below 1000000
//   a worker died of signal 9, incarnation 2 did its part
