#include "os/pulse_memory.hpp"

#include <bulkhead/errc.hpp>

namespace bulkhead::os {
namespace {

constexpr std::size_t bytes = 4096;

}  // namespace

unique_fd pulse_memory::make_segment() {
  unique_fd made = os::make_segment("bulkhead-pulse", bytes);
  if (const auto failed = reserve_range(made.get(), 0, bytes)) {
    throw std::system_error(failed, "making a pulse");
  }
  return made;
}

pulse_memory::pulse_memory(int segment) {
  if (sealed_bytes(segment) < bytes) {
    throw error(make_error_code(errc::corrupt), "a process's pulse is no segment");
  }
  map_ = mapping(segment, 0, bytes, access::read_write);
}

}  // namespace bulkhead::os
