#include "os/warm_up.hpp"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace bulkhead::os {
namespace {

constexpr std::uintptr_t page_bytes = 4096;
constexpr std::size_t heap_bytes_max = std::size_t{1} << 20;
constexpr std::size_t heap_step = std::size_t{64} << 10;
constexpr std::size_t stack_bytes = std::size_t{32} << 10;
// Of each module.
constexpr std::size_t variables_max = std::size_t{256} << 10;
constexpr std::size_t code_max = std::size_t{4} << 20;

// Kernels before 5.14 know no such call: there pages come one by one, as they are touched.
bool fetch(std::uintptr_t from, std::uintptr_t to, int how) noexcept {
  const std::uintptr_t start = from / page_bytes * page_bytes;
  const std::uintptr_t end = (to + page_bytes - 1) / page_bytes * page_bytes;
  return start < end && ::madvise(reinterpret_cast<void*>(start), end - start, how) == 0;
}

// What was made read-only after relocation cannot be written.
std::uintptr_t end_of_constants(const dl_phdr_info& info) noexcept {
  for (int n = 0; n < info.dlpi_phnum; ++n) {
    const auto& part = info.dlpi_phdr[n];
    if (part.p_type == PT_GNU_RELRO) return info.dlpi_addr + part.p_vaddr + part.p_memsz;
  }
  return 0;
}

int fetch_module(dl_phdr_info* info, std::size_t /*bytes*/, void* with_code) noexcept {
  for (int n = 0; n < info->dlpi_phnum; ++n) {
    const auto& part = info->dlpi_phdr[n];
    if (part.p_type != PT_LOAD) continue;
    const std::uintptr_t at = info->dlpi_addr + part.p_vaddr;
    if ((part.p_flags & PF_X) != 0) {
      if (with_code == nullptr) continue;
      fetch(at, at + std::min<std::size_t>(part.p_filesz, code_max), MADV_POPULATE_READ);
    } else if ((part.p_flags & PF_W) != 0) {
      const std::uintptr_t first = std::max<std::uintptr_t>(at, end_of_constants(*info));
      fetch(first, std::min<std::uintptr_t>(at + part.p_memsz, first + variables_max),
            MADV_POPULATE_WRITE);
    }
  }
  return 0;
}

// Where the heap begins is not known: from its end downwards.
void fetch_heap() noexcept {
  const auto end = reinterpret_cast<std::uintptr_t>(::sbrk(0)) / page_bytes * page_bytes;
  for (std::size_t done = 0; done < heap_bytes_max; done += heap_step) {
    if (!fetch(end - done - heap_step, end - done, MADV_POPULATE_WRITE)) return;
  }
}

[[gnu::noinline]] void touch_stack() noexcept {
  [[maybe_unused]] volatile std::byte room[stack_bytes];
  for (std::size_t n = 0; n < stack_bytes; n += page_bytes) room[n] = std::byte{};
}

}  // namespace

void warm_up() noexcept {
  touch_stack();
  fetch_heap();
  bool with_code = true;
  ::dl_iterate_phdr(&fetch_module, &with_code);
}

void warm_up_memory() noexcept {
  touch_stack();
  fetch_heap();
  ::dl_iterate_phdr(&fetch_module, nullptr);
}

}  // namespace bulkhead::os
