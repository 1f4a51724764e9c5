#include "os/standby_memory.hpp"

#include <bulkhead/errc.hpp>

#include "os/futex.hpp"

namespace bulkhead::os {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t seats_offset = 64;

// Whole pages.
constexpr std::size_t bytes_for(std::size_t endpoints) {
  const std::size_t used = seats_offset + endpoints * sizeof(standby_memory::seat);
  return (used + page_bytes - 1) / page_bytes * page_bytes;
}

}  // namespace

unique_fd standby_memory::make_segment(std::size_t endpoints) {
  unique_fd made = os::make_segment("bulkhead-standby", bytes_for(endpoints));
  if (const auto failed = reserve_range(made.get(), 0, bytes_for(endpoints))) {
    throw std::system_error(failed, "making the page that a spare process waits at");
  }
  return made;
}

standby_memory::standby_memory(int segment, std::size_t endpoints, role as) {
  if (sealed_bytes(segment) < bytes_for(endpoints)) {
    throw error(make_error_code(errc::corrupt), "what a spare process is to wait at is no segment");
  }
  map_ = mapping(segment, 0, bytes_for(endpoints),
                 as == role::keeper ? access::read_write : access::read);
}

standby_memory::seat* standby_memory::seats() const noexcept {
  return reinterpret_cast<seat*>(map_.data() + seats_offset);
}

void standby_memory::promote(std::uint32_t incarnation) noexcept {
  // Release: who sees the incarnation sees its seats.
  word().store(incarnation, std::memory_order_release);
  futex_wake_all(word());
}

std::uint32_t standby_memory::wait() const noexcept {
  for (;;) {
    // Acquire: the seats were written before.
    const std::uint32_t incarnation = word().load(std::memory_order_acquire);
    if (incarnation != 0) return incarnation;
    futex_wait(word(), 0);
  }
}

}  // namespace bulkhead::os
