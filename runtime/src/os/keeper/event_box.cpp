#include "os/keeper/event_box.hpp"

namespace bulkhead::os {
namespace {

// A full socket, or a kernel that is short of memory just now: a reader without its line would take
// the keeper for dead.
bool may_pass(const std::error_code& failed) noexcept {
  return failed == std::errc::resource_unavailable_try_again ||
         failed == std::errc::no_buffer_space || failed == std::errc::not_enough_memory;
}

}  // namespace

unique_fd event_box::open() {
  auto [ours, its] = channel::make_pair();
  line_ = std::move(ours);
  return its.take();
}

void event_box::put(control::kind what, control::exited event) {
  events_.push_back({what, std::move(event)});
  flush();
}

void event_box::flush() {
  while (is_blocked()) {
    const std::error_code failed = line_.send(events_.front().what, events_.front().event);
    if (may_pass(failed)) return;
    if (failed) return line_.close();  // the reader went away
    events_.pop_front();
  }
}

}  // namespace bulkhead::os
