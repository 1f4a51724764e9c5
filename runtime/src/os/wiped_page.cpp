#include "os/wiped_page.hpp"

#include <sys/mman.h>

#include "os/system_failure.hpp"

namespace bulkhead::os {

wiped_page::wiped_page()
    : page_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
  if (page_ == MAP_FAILED) throw_last_error("mapping a page");
  if (::madvise(page_, bytes, MADV_WIPEONFORK) != 0) {
    ::munmap(page_, bytes);
    throw_last_error("asking for a page that forked copies find empty");
  }
}

wiped_page::~wiped_page() { ::munmap(page_, bytes); }

}  // namespace bulkhead::os
