#include "os/fork_guard.hpp"

#include <sys/mman.h>

#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

constexpr std::size_t page = 4096;

}  // namespace

fork_guard::fork_guard() {
  void* at = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) throw_last_error("mapping the fork guard's page");
  if (::madvise(at, page, MADV_WIPEONFORK) != 0) {
    ::munmap(at, page);
    throw_last_error("asking for a page that forked copies find empty");
  }
  page_ = static_cast<volatile std::uint64_t*>(at);
  *page_ = mark;
}

fork_guard::~fork_guard() { ::munmap(const_cast<std::uint64_t*>(page_), page); }

}  // namespace bulkhead::os
