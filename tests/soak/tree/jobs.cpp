#include "soak/tree/jobs.hpp"

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace soak {
namespace {

using namespace std::chrono_literals;

// Some jobs are the end of whoever takes them first, each in its way.
void do_harm(std::uint64_t number) {
  constexpr std::size_t too_much = std::size_t{512} << 20;
  if (number % 997 == 1) std::abort();
  if (number % 1499 == 1) std::_Exit(3);
  if (number % 1999 == 1) throw std::runtime_error("a job that throws");
  if (number % 2503 == 1) std::vector<char>(too_much, 'x');
  if (number % 20011 == 1) {
    for (;;) {  // until its limit of CPU time
      asm volatile("");
    }
  }
}

void work(jobs from, jobs to) {
  for (auto& d : from.deliveries()) {
    if (d.attempt() == 1) do_harm(d->number);
    d.forward(to, *d);
  }
}

void build_low(bulkhead::supervisor& low, const std::string& name, const jobs& from,
               const jobs& to) {
  for (int n = 0; n < workers; ++n) {
    low.start({.name = name + ".w" + std::to_string(n),
               .shutdown = 2s,
               .backoff = {.initial = 1ms, .max = 50ms},
               .process = {.limits = {.memory = 128u << 20, .cpu_time = 1s, .core = 0}}},
              work, from, to);
  }
}

}  // namespace

std::string mid_name(int mid) { return std::string("m").append(std::to_string(mid)); }

bulkhead::supervisor_options unshaken(std::string name) {
  return {.intensity = bulkhead::unlimited, .name = std::move(name)};
}

void build_mid(bulkhead::supervisor& mid, int number, jobs from, jobs to) {
  for (int n = 0; n < lows; ++n) {
    const std::string name = mid_name(number) + ".l" + std::to_string(n);
    mid.start_supervisor({.name = name, .backoff = bulkhead::no_backoff}, unshaken(name), build_low,
                         name, from, to);
  }
}

}  // namespace soak
