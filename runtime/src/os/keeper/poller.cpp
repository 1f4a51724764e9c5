#include "os/keeper/poller.hpp"

#include <sys/epoll.h>

#include "os/system_failure.hpp"

namespace bulkhead::os {

poller::poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw_last_error("making an epoll descriptor");
}

void poller::add(int fd, std::uint32_t events, wake name) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = (static_cast<std::uint64_t>(name.kind) << 32) | name.serial;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0 && errno != EEXIST) {
    throw_last_error("watching a descriptor");
  }
}

void poller::add_reader(int fd, wake name) { add(fd, EPOLLIN, name); }
void poller::add_writer(int fd, wake name) { add(fd, EPOLLOUT, name); }

void poller::remove(int fd) noexcept { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

std::span<const poller::wake> poller::wait(int timeout_ms) {
  std::array<epoll_event, 64> events;
  static_assert(std::tuple_size_v<decltype(events)> == std::tuple_size_v<decltype(ready_)>);
  const int count =
      ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  if (count < 0 && errno != EINTR) throw_last_error("waiting for requests");
  std::size_t filled = 0;
  for (int n = 0; n < count; ++n) {
    const std::uint64_t name = events[static_cast<std::size_t>(n)].data.u64;
    ready_[filled++] = {static_cast<what>(name >> 32), static_cast<std::uint32_t>(name)};
  }
  return {ready_.data(), filled};
}

}  // namespace bulkhead::os
