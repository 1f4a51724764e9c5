#include "os/keeper/depositor.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

constexpr std::size_t descriptors_a_datagram = descriptors_max - 4;
constexpr std::size_t singles_least = 64;
constexpr std::size_t single_bytes = 1024;  // no less than the kernel counts for one thing's

// An ordinary user's is limited by net.core.wmem_max.
// @returns the bytes that the line has.
std::size_t make_roomy(int socket, int bytes) {
  if (::setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0) {
    static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes));
  }
  int made = 0;
  socklen_t size = sizeof made;
  static_cast<void>(::getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &made, &size));
  return static_cast<std::size_t>(made);
}

// @returns false: these are no deposits.
bool sort_into(deposits& left, datagram& from) {
  control::deposit what;
  if (from.head.kind != control::kind::deposit || !from.read(what)) return false;
  std::size_t next = 0;
  for (const control::deposited& item : what.items) {
    if (item.count > from.descriptors.size() - next) return false;
    const std::pair name(item.kind, item.id);
    left.erase(name);
    if (item.count == 0) continue;
    std::vector<unique_fd>& kept = left[name];
    for (std::uint32_t n = 0; n < item.count; ++n) {
      kept.push_back(std::move(from.descriptors[next++]));
    }
  }
  return true;
}

}  // namespace

unique_fd depositor::open(int line_bytes) {
  auto [ours, its] = channel::make_pair();
  singles_max_ = std::max(singles_least, make_roomy(ours.fd(), line_bytes) / single_bytes / 4);
  line_ = std::move(ours);
  far_ = channel(its.duplicate());
  return its.take();
}

// @returns false: not now.
bool depositor::send(const control::deposit& what, std::span<const int> descriptors) {
  const std::error_code failed = line_.send(control::kind::deposit, what, descriptors);
  if (failed) return false;
  ++in_line_;
  return true;
}

void depositor::put(std::uint32_t kind, std::uint64_t id, std::span<const int> descriptors) {
  if (!line_) return;
  const control::deposited what{kind, id, static_cast<std::uint32_t>(descriptors.size())};
  if (waiting_.empty() && send(control::deposit{{what}}, descriptors)) return;
  item later{what, {}};
  for (const int fd : descriptors) later.descriptors.push_back(duplicate(fd));
  waiting_.push_back(std::move(later));
}

// What has not got in line yet goes with its descriptors.
void depositor::withdraw(std::uint32_t kind, std::uint64_t id) {
  const auto waits = std::find_if(waiting_.begin(), waiting_.end(), [&](const item& one) {
    return one.what.kind == kind && one.what.id == id && !one.descriptors.empty();
  });
  if (waits == waiting_.end()) return put(kind, id, {});
  waiting_.erase(waits);
}

void depositor::flush() {
  while (is_blocked()) {
    std::vector<int> descriptors;
    for (const unique_fd& fd : waiting_.front().descriptors) descriptors.push_back(fd.get());
    if (!send(control::deposit{{waiting_.front().what}}, descriptors)) return;
    waiting_.pop_front();
  }
}

// All of it, written anew, is to find room beside what lies there.
void depositor::plan_tidy(std::size_t items) noexcept {
  tidy_at_ = in_line_ + std::clamp(items / 8, singles_least, singles_max_);
}

bool depositor::tidy(const visit_all& all) {
  const std::size_t before = in_line_;
  control::deposit what;
  std::vector<int> descriptors;
  std::size_t items = 0;
  bool sent = true;
  const auto ship = [&] {
    if (!what.items.empty()) sent = sent && send(what, descriptors);
    what.items.clear();
    descriptors.clear();
  };
  all([&](std::uint32_t kind, std::uint64_t id, std::span<const int> its) {
    if (descriptors.size() + its.size() > descriptors_a_datagram) ship();
    what.items.push_back({kind, id, static_cast<std::uint32_t>(its.size())});
    descriptors.insert(descriptors.end(), its.begin(), its.end());
    ++items;
  });
  ship();
  if (!sent) {
    plan_tidy(items);
    return false;
  }
  for (std::size_t n = 0; n < before; ++n) {
    std::byte first{};
    if (::recv(far_.fd(), &first, sizeof first, MSG_DONTWAIT) < 0) break;
  }
  in_line_ -= before;
  plan_tidy(items);
  waiting_.clear();  // it was among all
  return true;
}

std::optional<deposits> read_deposits(channel& far_end) {
  const int from_the_first = 0;
  if (::setsockopt(far_end.fd(), SOL_SOCKET, SO_PEEK_OFF, &from_the_first, sizeof from_the_first) !=
      0) {
    throw_last_error("reading the vault");
  }
  deposits left;
  datagram one;
  for (;;) {
    switch (far_end.look(one)) {
      case receive_result::received:
        if (!sort_into(left, one)) return std::nullopt;
        continue;
      case receive_result::garbage:
        return std::nullopt;
      default:  // the end of what lies there; the other side is gone
        return left;
    }
  }
}

}  // namespace bulkhead::os
