#include "os/keeper/depositor.hpp"

namespace bulkhead::os {

unique_fd depositor::open() {
  auto [ours, its] = channel::make_pair();
  line_ = std::move(ours);
  return its.take();
}

// @returns false: not now.
bool depositor::send(const control::deposited& what, std::span<const int> descriptors) {
  const std::error_code failed =
      line_.send(control::kind::deposit, control::deposit{{what}}, descriptors);
  if (has_no_room(failed)) return false;
  if (failed) line_.close();  // the host has ended
  return true;
}

void depositor::put(std::uint32_t kind, std::uint64_t id, std::span<const int> descriptors) {
  if (!line_) return;
  const control::deposited what{kind, id, static_cast<std::uint32_t>(descriptors.size())};
  if (waiting_.empty() && send(what, descriptors)) return;
  item later{what, {}};
  for (const int fd : descriptors) later.descriptors.push_back(duplicate(fd));
  waiting_.push_back(std::move(later));
}

void depositor::withdraw(std::uint32_t kind, std::uint64_t id) { put(kind, id, {}); }

void depositor::flush() {
  while (is_blocked()) {
    std::vector<int> descriptors;
    for (const unique_fd& fd : waiting_.front().descriptors) descriptors.push_back(fd.get());
    if (!send(waiting_.front().what, descriptors)) return;
    waiting_.pop_front();
  }
}

}  // namespace bulkhead::os
