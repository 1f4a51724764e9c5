#include "os/vault.hpp"

#include <poll.h>

namespace bulkhead::os {
namespace {

constexpr std::size_t descriptors_a_datagram = 48;

}  // namespace

void vault::set_line(channel line) {
  const std::lock_guard lock(mutex_);
  line_ = std::move(line);
}

unique_fd vault::duplicate_line() const {
  const std::lock_guard lock(mutex_);
  return line_.duplicate();
}

std::size_t vault::size() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

bool vault::read() {
  const std::lock_guard lock(mutex_);
  datagram came;
  for (;;) {
    switch (line_.receive(came)) {
      case receive_result::received:
        take(came);
        continue;
      case receive_result::garbage:
        continue;
      case receive_result::nothing:
        return true;
      case receive_result::ended:
        return false;
    }
  }
}

void vault::take(datagram& from) {
  control::deposit what;
  if (from.head.kind != control::kind::deposit || !from.read(what)) return;
  auto next = from.descriptors.begin();
  for (const control::deposited& item : what.items) {
    const key name{item.kind, item.id};
    kept_.erase(name);
    if (item.count == 0 || item.count > from.descriptors.end() - next) continue;
    std::vector<unique_fd>& kept = kept_[name];
    for (std::uint32_t n = 0; n < item.count; ++n) kept.push_back(std::move(*next++));
  }
}

std::error_code vault::send(channel& keeper, const control::deposit& what,
                            std::span<const int> descriptors, deadline until) {
  for (;;) {
    const std::error_code failed = keeper.send(control::kind::deposit, what, descriptors);
    if (!has_no_room(failed)) return failed;
    if (until && std::chrono::steady_clock::now() >= *until) return failed;
    constexpr int look_again_ms = 5;
    pollfd room{keeper.fd(), POLLOUT, 0};
    static_cast<void>(::poll(&room, 1, look_again_ms));
  }
}

std::error_code vault::hand_over(channel& keeper, deadline until) {
  const std::lock_guard lock(mutex_);
  control::deposit what;
  std::vector<int> descriptors;
  const auto flush = [&] {
    const std::error_code failed = send(keeper, what, descriptors, until);
    what.items.clear();
    descriptors.clear();
    return failed;
  };
  for (const auto& [name, kept] : kept_) {
    if (descriptors.size() + kept.size() > descriptors_a_datagram) {
      if (const std::error_code failed = flush()) return failed;
    }
    what.items.push_back({name.first, name.second, static_cast<std::uint32_t>(kept.size())});
    for (const unique_fd& fd : kept) descriptors.push_back(fd.get());
  }
  return what.items.empty() ? std::error_code() : flush();
}

}  // namespace bulkhead::os
