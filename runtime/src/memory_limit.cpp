#include "memory_limit.hpp"

#include <sys/resource.h>
#include <unistd.h>
#include <atomic>
#include <cstdio>
#include <new>

#include "os/keeper/child_setup.hpp"
#include "os/system_failure.hpp"

namespace bulkhead::detail {
namespace {

constinit std::uint64_t limit_bytes = 0;
constinit std::atomic<bool> was_hit{false};

// Called by `new` before it throws; without a handler it throws at once. The next failure comes
// here again.
void on_no_memory() {
  was_hit.store(true, std::memory_order_relaxed);
  throw std::bad_alloc();
}

std::uint64_t address_space() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  unsigned long long pages = 0;
  const int got = file != nullptr ? std::fscanf(file, "%llu", &pages) : 0;
  if (file != nullptr) std::fclose(file);
  if (got != 1) os::throw_last_error("reading the size of this process to limit its memory");
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

void limit_memory(std::uint64_t bytes) {
  limit_bytes = bytes;
  std::set_new_handler(&on_no_memory);
  os::limit_address_space(address_space() + bytes);
}

void lift_memory_limit() noexcept {
  if (limit_bytes == 0) return;
  rlimit limit{};
  ::getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_AS, &limit);
}

bool memory_limit_was_hit() noexcept { return was_hit.load(std::memory_order_relaxed); }

std::string out_of_memory_text() {
  if (!memory_limit_was_hit()) return "std::bad_alloc";
  return "std::bad_alloc at its limit of " + std::to_string(limit_bytes) + " bytes";
}

}  // namespace bulkhead::detail
