#include "os/directory_memory.hpp"

#include <bulkhead/errc.hpp>

namespace bulkhead::os {

directory_memory::directory_memory(unique_fd segment) : segment_(std::move(segment)) {
  constexpr std::size_t bytes = core::directory_entries * sizeof(core::directory_entry);
  if (sealed_bytes(segment_.get()) < bytes) {
    throw error(make_error_code(errc::corrupt), "the keeper's directory is no directory");
  }
  map_ = mapping(segment_.get(), 0, bytes, access::read);
}

}  // namespace bulkhead::os
