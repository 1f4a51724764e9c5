#include "os/keeper/directory_writer.hpp"

#include <bulkhead/errc.hpp>

#include "os/futex.hpp"

namespace bulkhead::os {
namespace {

constexpr std::size_t bytes = core::directory_entries * sizeof(core::directory_entry);

}  // namespace

directory_writer::directory_writer()
    : segment_(make_segment("bulkhead-directory", bytes)),
      map_(segment_.get(), 0, bytes, access::read_write) {
  if (const auto failed = reserve_range(segment_.get(), 0, bytes)) {
    throw std::system_error(failed, "making the directory");
  }
  seal_future_writes(segment_.get());
  for (std::uint32_t n = core::directory_entries; n != 0; --n) free_.push_back(n - 1);
}

core::directory_entry& directory_writer::at(std::uint32_t entry) noexcept {
  return reinterpret_cast<core::directory_entry*>(map_.data())[entry];
}

std::uint32_t directory_writer::take(std::uint32_t serial) {
  if (free_.empty()) {
    throw error(make_error_code(errc::start_failed), "16384 processes of this program are running");
  }
  const std::uint32_t entry = free_.back();
  free_.pop_back();
  at(entry).stop.store(0, std::memory_order_relaxed);
  // Release: who finds its serial sees the entry as it was made ready before.
  at(entry).serial.store(serial, std::memory_order_release);
  return entry;
}

void directory_writer::set_pid(std::uint32_t entry, std::int32_t pid) noexcept {
  // Release: who sees the pid sees the serial that it belongs to.
  at(entry).pid.store(pid, std::memory_order_release);
}

void directory_writer::ask_to_stop(std::uint32_t entry) noexcept {
  // Release: whoever sees it sees what was done before somebody asked.
  at(entry).stop.store(1, std::memory_order_release);
  futex_wake_all(at(entry).stop);
}

void directory_writer::give_back(std::uint32_t entry) noexcept {
  // Release: the entry is given up after all else in it.
  at(entry).serial.store(0, std::memory_order_release);
  at(entry).pid.store(0, std::memory_order_relaxed);
  free_.push_back(entry);
}

}  // namespace bulkhead::os
