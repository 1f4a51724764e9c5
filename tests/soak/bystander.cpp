#include "soak/bystander.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

namespace soak {
namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

constexpr auto beat = 1ms;
constexpr std::uint64_t longest_p999_us = 50'000;

/// Counts each beat that a stall made us miss as well, or one long stall would be one bad sample.
class stall_book {
 public:
  void enter(clock_type::duration took) {
    for (; took > 0ns; took -= beat) {
      all_.push_back(static_cast<std::uint32_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    }
  }
  stalls sum() {
    if (all_.empty()) return {};
    std::sort(all_.begin(), all_.end());
    return {all_.size(), all_[(all_.size() - 1) * 999 / 1000], all_.back()};
  }

 private:
  std::vector<std::uint32_t> all_;
};

bulkhead::queue_options shape(const char* name) { return {.name = name, .capacity = 16}; }

}  // namespace

void bystander(bulkhead::queue<std::uint64_t> there, bulkhead::queue<std::uint64_t> back,
               bulkhead::queue<bystander_report> report) {
  std::atomic<bool> over = false;
  stall_book machine;
  std::thread control([&] {
    while (!over) {
      const auto begin = clock_type::now();
      std::this_thread::sleep_until(begin + beat);
      machine.enter(clock_type::now() - begin - beat);
    }
  });
  stall_book pipeline;
  std::error_code ec;
  for (std::uint64_t n = 0; !ec; ++n) {
    const auto begin = clock_type::now();
    there.send(n, ec);
    if (!ec) static_cast<void>(back.receive(ec));
    if (!ec) pipeline.enter(clock_type::now() - begin);
    std::this_thread::sleep_until(begin + beat);
  }
  over = true;
  control.join();
  report.send({pipeline.sum(), machine.sum()});
}

void echo(bulkhead::queue<std::uint64_t> there, bulkhead::queue<std::uint64_t> back) {
  there.transform(back, [](std::uint64_t n) { return n; });
}

bystanders::bystanders(bulkhead::runtime& rt)
    : there_(rt, shape("there")),
      back_(rt, shape("back")),
      report_(rt, shape("report")),
      echo_(rt.spawn({.name = "echo"}, echo, there_, back_)),
      sender_(rt.spawn({.name = "bystander"}, bystander, there_, back_, report_)) {}

bool bystanders::report() {
  sender_.request_stop();
  const auto said = report_.receive_for(60s);
  sender_.join();
  there_.close();
  echo_.join();
  if (!said) {
    std::printf("bystander: no report\n");
    return false;
  }
  const auto print = [](const char* who, const stalls& s) {
    std::printf("%s: %llu beats, p99.9 %.2f ms, max %.2f ms\n", who,
                static_cast<unsigned long long>(s.count), static_cast<double>(s.p999_us) / 1000,
                static_cast<double>(s.max_us) / 1000);
  };
  print("bystander, there and back", said->pipeline);
  print("a thread that only sleeps", said->machine);
  if (said->pipeline.count == 0) return false;
  if (said->pipeline.p999_us <= longest_p999_us) return true;
  if (said->machine.p999_us > longest_p999_us) {
    std::printf("bystander: the machine itself stalls, so this is no verdict on us\n");
    return true;
  }
  return false;
}

}  // namespace soak
