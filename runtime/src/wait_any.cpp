#include <bulkhead/wait_any.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <algorithm>
#include <bulkhead/this_process.hpp>
#include <cerrno>
#include <optional>
#include <stop_token>

#include "core/parked_set.hpp"
#include "os/system_failure.hpp"
#include "os/unique_fd.hpp"
#include "pipe_state.hpp"
#include "process_context.hpp"
#include "process_record.hpp"
#include "process_state.hpp"
#include "queue_state.hpp"
#include "waiting.hpp"

namespace bulkhead::detail {
namespace {

using std::chrono::steady_clock;

// Second line, as in waiting.cpp.
constexpr auto look_again_first = std::chrono::seconds(1);
constexpr auto look_again_most = std::chrono::seconds(30);

bool can_be_read(int descriptor) {
  pollfd one{descriptor, POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

bool is_ready(const wait_source& source) {
  if (source.pipe != nullptr) return source.pipe->poll(patience::none()) != errc::full;
  if (source.queue != nullptr) return source.queue->state()->is_ready();
  if (source.child != nullptr) return source.child->state()->is_over();
  if (source.has_deadline) return steady_clock::now() >= source.deadline;
  return can_be_read(source.descriptor);
}

/// The descriptors that one call sleeps on, and what it announces before it does.
///
/// A bell is an eventfd that several threads and processes may watch, and that nobody ever reads:
/// each ring is an edge for each of them. So nobody takes a ring from another.
class sleeper {
 public:
  explicit sleeper(std::span<const wait_source> sources) : sources_(sources) {
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_) os::throw_last_error("making an epoll descriptor");
    for (const wait_source& source : sources_) {
      if (source.pipe != nullptr) add_bell(source.pipe->state()->bell());
      if (source.queue != nullptr) add_bell(source.queue->state()->bell(false));
      if (source.child != nullptr) watch(*source.child);
      if (source.descriptor >= 0) add(source.descriptor, EPOLLIN);
    }
    watch_for_stop();
  }
  sleeper(const sleeper&) = delete;
  sleeper& operator=(const sleeper&) = delete;
  ~sleeper() {
    stop_.reset();
    for (const wait_source& source : sources_) {
      if (source.child != nullptr && own_bell_) source.child->state()->unwatch(own_bell_.get());
    }
  }

  /// From here on each thing that becomes ready ends the next sleep.
  void announce() const {
    const process_context* context = nullptr;
    for (const wait_source& source : sources_) {
      if (source.pipe != nullptr) source.pipe->state()->announce_bell();
      if (source.queue != nullptr) receivers(source).announce_bell();
      if (source.pipe != nullptr) context = &source.pipe->state()->context();
      if (source.queue != nullptr) context = &source.queue->state()->context();
    }
    if (context != nullptr) context->heavy_barrier();
  }

  /// Sleeps until something may be ready, or `until`.
  void sleep(steady_clock::time_point until) const {
    const core::waiting_mark mark(process_record::heart());
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    epoll_event events[8];
    const int ms = static_cast<int>(std::max<std::int64_t>(0, left.count()));
    if (::epoll_wait(epoll_.get(), events, std::size(events), ms) < 0 && errno != EINTR) {
      os::throw_last_error("waiting for descriptors");
    }
  }

 private:
  static core::parked_set receivers(const wait_source& source) {
    return {source.queue->state()->view(), core::side::receivers};
  }

  void add_bell(int bell) { add(bell, EPOLLIN | EPOLLET); }

  // The same descriptor twice is once enough. One that cannot be waited for, a file, was ready.
  void add(int descriptor, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0 && errno != EEXIST) {
      os::throw_last_error("waiting for a descriptor");
    }
  }

  int own_bell() {
    if (!own_bell_) {
      own_bell_ = os::make_bell();
      add_bell(own_bell_.get());
    }
    return own_bell_.get();
  }

  // One that has ended is seen by the next look.
  void watch(const process& child) { static_cast<void>(child.state()->watch(own_bell())); }

  // The keeper rings the bells of a process's endpoints when it is to stop. Without any, the stop
  // token's thread does.
  void watch_for_stop() {
    const auto has_bell = [](const wait_source& s) {
      return s.pipe != nullptr || s.queue != nullptr;
    };
    if (process_record::child_context() == nullptr) return;
    if (std::any_of(sources_.begin(), sources_.end(), has_bell)) return;
    stop_.emplace(this_process::stop_token(), ring{own_bell()});
  }

  struct ring {
    int bell;
    void operator()() const noexcept {
      const std::uint64_t once = 1;
      static_cast<void>(!::write(bell, &once, sizeof once));
    }
  };

  std::span<const wait_source> sources_;
  os::unique_fd epoll_;
  os::unique_fd own_bell_;
  std::optional<std::stop_callback<ring>> stop_;
};

std::size_t first_ready(std::span<const wait_source> sources) {
  for (std::size_t n = 0; n < sources.size(); ++n) {
    if (is_ready(sources[n])) return n;
  }
  return npos;
}

// Why it is in vain to wait for one.
std::error_code trouble_of(const wait_source& source) {
  const auto is_ours = [](const process_context& context) { return context.in_original_process(); };
  bool usable = true;
  if (source.pipe != nullptr) {
    usable = *source.pipe && is_ours(source.pipe->state()->context());
  } else if (source.queue != nullptr) {
    usable = *source.queue && is_ours(source.queue->state()->context());
  } else if (source.child != nullptr) {
    usable = static_cast<bool>(*source.child);
    if (usable) return source.child->state()->why_in_vain();
  } else if (!source.has_deadline && ::fcntl(source.descriptor, F_GETFD) < 0) {
    return {errno, std::system_category()};
  }
  return usable ? std::error_code() : errc::not_initialised;
}

// Why no call may wait for these, or this one may not.
std::error_code obstacle(std::span<const wait_source> sources, bool waits) {
  for (const wait_source& source : sources) {
    if (const std::error_code trouble = trouble_of(source)) return trouble;
  }
  const auto& child = process_record::child_context();
  const bool is_stopped = child != nullptr && child->stop_requested();
  return waits && is_stopped ? std::error_code(errc::stop_requested) : std::error_code();
}

std::size_t wait(patience how_long, std::span<const wait_source> sources, std::error_code& ec) {
  const time_limit limit(how_long);
  const bool waits = limit.may_wait();
  if (ec = obstacle(sources, waits); ec) return npos;
  if (const std::size_t found = first_ready(sources); found != npos || !waits) return found;
  const sleeper bed(sources);
  // A runtime that is stopped rings nothing for who waits for its processes.
  const bool keeps_looking = std::any_of(sources.begin(), sources.end(),
                                         [](const wait_source& s) { return s.child != nullptr; });
  steady_clock::duration look_again = look_again_first;
  for (;;) {
    bed.announce();
    if (ec = obstacle(sources, waits); ec) return npos;
    if (const std::size_t found = first_ready(sources); found != npos) return found;
    if (limit.is_over()) return npos;
    auto until = limit.or_sooner(steady_clock::now() + look_again);
    for (const wait_source& source : sources) {
      if (source.has_deadline) until = std::min(until, source.deadline);
    }
    bed.sleep(until);
    if (keeps_looking) continue;
    look_again = std::min<steady_clock::duration>(look_again * 2, look_again_most);
  }
}

}  // namespace

// No descriptors, or no keeper to ask for them.
std::size_t wait_any(patience how_long, std::span<const wait_source> sources, std::error_code& ec) {
  try {
    return wait(how_long, sources, ec);
  } catch (const std::system_error& failure) {
    ec = failure.code();
    return npos;
  }
}

}  // namespace bulkhead::detail
