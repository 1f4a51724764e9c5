// A stepped child must take the same path each time it is run, but malloc's depends on all that its
// parent ever allocated. So in a child `new` takes from one piece of memory, in order, and nothing
// is given back.

#include "stepper/child_memory.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace stepper {
namespace {

constexpr std::size_t bytes_max = 1 << 20;
alignas(64) std::byte memory[bytes_max];
std::size_t used = 0;
bool in_child = false;

}  // namespace

void use_child_memory() noexcept { in_child = true; }

}  // namespace stepper

void* operator new(std::size_t bytes) {
  if (stepper::in_child) {
    void* p = stepper::memory + stepper::used;
    stepper::used += (bytes + 15) / 16 * 16;
    if (stepper::used > stepper::bytes_max) std::abort();
    return p;
  }
  if (void* p = std::malloc(bytes == 0 ? 1 : bytes)) return p;
  throw std::bad_alloc();
}

void operator delete(void* p) noexcept {
  if (!stepper::in_child) std::free(p);
}
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }
