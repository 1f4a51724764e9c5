// Keepers killed at random moments under load: every message is counted.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "process/library/waits.hpp"
#include "process/succession/keepers.hpp"
#include "support/catch.hpp"

using bulkhead::queue;
using bulkhead_test::eventually;
using bulkhead_test::kill_keeper;
using bulkhead_test::soon;
using steady = std::chrono::steady_clock;
namespace this_process = bulkhead::this_process;

namespace {

constexpr int items = 40'000;
constexpr int sources = 2;

void count_up(queue<int> to, int source) {
  for (auto n = static_cast<int>(to.sent()); n < items; ++n) to.send(source * items + n);
}

void pass_on(queue<int> from, queue<int> to) {
  for (auto& one : from.deliveries()) one.forward(to, *one);
}

// Keeps the keeper busy: makes, names, starts, ends.
void bustle(queue<queue<int>> names) {
  std::error_code ec;
  while (!this_process::stop_requested()) {
    queue<int> own{this_process::runtime()};
    own.send(1);
    names.send(own, ec);
    if (ec) return;
    auto child =
        this_process::runtime().spawn([](queue<int> q) { static_cast<void>(q.capacity()); }, own);
    child.join();
  }
}

struct measure {
  std::vector<double> ms;
  [[nodiscard]] double at(double share) {
    std::sort(ms.begin(), ms.end());
    return ms.empty() ? 0
                      : ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
  }
};

/// A pipeline whose every stage is supervised and ends with each keeper.
class pipeline {
 public:
  pipeline() : sup_(rt_, {.intensity = 0}) {
    const auto once = bulkhead::restart::transient;
    for (int n = 0; n < sources; ++n) {
      all_.push_back(
          sup_.start({.name = "source" + std::to_string(n), .restart = once}, count_up, in_, n));
    }
    for (int n = 0; n < 3; ++n) {
      all_.push_back(
          sup_.start({.name = "stage" + std::to_string(n), .restart = once}, pass_on, in_, out_));
    }
    all_.push_back(sup_.start({.name = "bustle"}, bustle, names_));
  }

  /// Kills a keeper, and `more` of those that follow as soon as they are there; how long after the
  /// last until every child that had not come to its end runs again. @returns -1: they do not.
  double kill_one(unsigned more) {
    std::vector<std::uint64_t> before;
    for (const auto& p : all_) before.push_back(p.incarnation());
    for (unsigned n = 0; n < more; ++n) {
      if (kill_keeper() == 0) return -1;
    }
    steady::time_point begun;
    if (kill_keeper(&begun) == 0) return -1;
    const bool all_run = eventually([&] {
      for (std::size_t n = 0; n < all_.size(); ++n) {
        if (over_[n] || (over_[n] = all_[n].join_for(std::chrono::seconds(0)).has_value()))
          continue;
        if (all_[n].incarnation() == before[n] || !all_[n].running()) return false;
      }
      return true;
    });
    return all_run ? std::chrono::duration<double, std::milli>(steady::now() - begun).count() : -1;
  }

  /// Takes what comes out. @returns false when nothing came in time.
  bool drain_one() {
    const auto n = out_.receive_for(soon);
    if (!n) return false;
    ++seen_[static_cast<std::size_t>(*n)];
    ++got_;
    return true;
  }
  void drain_names() {
    while (auto name = names_.try_receive()) CHECK(name->try_receive() == 1);
  }
  [[nodiscard]] int got() const { return got_; }
  [[nodiscard]] bool ended() const { return sup_.ended(); }
  [[nodiscard]] bool each_once() const {
    return std::all_of(seen_.begin(), seen_.end(), [](int n) { return n == 1; });
  }

 private:
  bulkhead::runtime rt_;
  queue<int> in_{rt_, {.capacity = 256, .max_attempts = 1}};
  queue<int> out_{rt_, {.capacity = 256}};
  queue<queue<int>> names_{rt_, {.capacity = 64}};
  bulkhead::supervisor sup_;
  std::vector<bulkhead::process> all_;
  std::vector<bool> over_ = std::vector<bool>(sources + 4);
  std::vector<int> seen_ = std::vector<int>(std::size_t{sources} * items);
  std::atomic<int> got_{0};
};

// At least `kills` deaths spread over the whole stream.
void storm(int kills) {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  pipeline p;
  measure all_again;
  int killed = 0;
  std::thread killer([&] {
    while (killed < kills) {
      const int from = static_cast<int>(std::int64_t{sources} * items * killed / kills);
      while (p.got() < from) ::usleep(100);
      ::usleep(random() % 3000);
      const unsigned more = random() % 4 == 0 ? 1 + random() % 2 : 0;
      all_again.ms.push_back(p.kill_one(more));
      killed += static_cast<int>(more) + 1;
    }
  });
  for (int n = 0; n < sources * items; ++n) {
    if (!p.drain_one()) break;
    if (n % 1000 == 0) p.drain_names();
  }
  killer.join();
  CHECK(p.got() == sources * items);
  CHECK(p.each_once());
  CHECK_FALSE(p.ended());
  CHECK(std::count(all_again.ms.begin(), all_again.ms.end(), -1) == 0);
  std::cout << killed << " keepers killed; all children run again after " << all_again.at(0.5)
            << " ms (median), " << all_again.at(0.9) << " ms (9 in 10), " << all_again.at(1)
            << " ms (longest)\n";
}

}  // namespace

TEST_CASE("a pipeline counts exactly while keepers are killed", "[process][succession][crash]") {
  storm(15);
}

TEST_CASE("a pipeline counts exactly while 200 keepers are killed", "[.][soak][succession]") {
  storm(200);
}
