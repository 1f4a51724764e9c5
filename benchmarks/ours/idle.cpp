// What a receiver costs that waits on an empty queue, and its keeper: CPU time and wake-ups in
// `--count` milliseconds.
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "common/job.hpp"
#include "ours/process_facts.hpp"

namespace {

using namespace std::chrono_literals;

void wait_for_nothing(bulkhead::queue<int> in, bulkhead::queue<int> ready) {
  ready.send(1);
  std::error_code ec;
  in.receive(ec);
}

void run(const bench::job& what) {
  bulkhead::runtime rt;
  bulkhead::queue<int> in{rt};
  bulkhead::queue<int> ready{rt};
  auto child = rt.spawn(wait_for_nothing, in, ready);
  ready.receive();
  // Asleep by then: a spin lasts microseconds.
  std::this_thread::sleep_for(200ms);
  const pid_t keeper = bench::parent_of(child.id());
  const auto child_ran = bench::run_time_ns(child.id());
  const auto child_slept = bench::sleeps(child.id());
  const auto keeper_ran = bench::run_time_ns(keeper);
  const auto keeper_slept = bench::sleeps(keeper);
  std::this_thread::sleep_for(std::chrono::milliseconds(what.count));
  std::printf(
      "{\"cpu_us\": %.1f, \"wakeups\": %lld, \"keeper_cpu_us\": %.1f, \"keeper_wakeups\": %lld}\n",
      static_cast<double>(bench::run_time_ns(child.id()) - child_ran) / 1e3,
      static_cast<long long>(bench::sleeps(child.id()) - child_slept),
      static_cast<double>(bench::run_time_ns(keeper) - keeper_ran) / 1e3,
      static_cast<long long>(bench::sleeps(keeper) - keeper_slept));
  in.close();
  child.join();
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  return bench::run_program(argc, argv, run, {{"idle"}, {}});
}
