#include "os/keeper/event_box.hpp"

namespace bulkhead::os {

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
    if (failed == std::errc::resource_unavailable_try_again) return;
    if (failed) return line_.close();  // the reader went away; it may subscribe again
    events_.pop_front();
  }
}

}  // namespace bulkhead::os
