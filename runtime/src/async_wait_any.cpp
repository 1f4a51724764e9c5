#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <bulkhead/detail/async_wait_any.hpp>
#include <bulkhead/this_process.hpp>
#include <cerrno>
#include <stop_token>

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

bool can_be_read(int descriptor) {
  pollfd one{descriptor, POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

// Ready, or with an error: `ec` then.
bool is_ready(const awaited& thing, std::error_code& ec) {
  if (ec = thing.bad; ec) return true;
  if (thing.is_pipe) {
    const auto pipe = thing.pipe.lock();
    if (pipe == nullptr) {
      ec = {ECANCELED, std::system_category()};
    } else if (!pipe->context().usable()) {
      ec = errc::not_initialised;
    }
    return ec || pipe->poll(patience::none()) != errc::full;
  }
  if (thing.queue) {
    if (ec = obstacle_to_receive(thing.queue); ec) return true;
    return thing.queue.state()->is_ready();
  }
  if (thing.child != nullptr) {
    if (ec = thing.child->why_in_vain(); ec) return true;
    return thing.child->is_over();
  }
  if (thing.descriptor >= 0) return can_be_read(thing.descriptor);
  return steady_clock::now() >= thing.at;
}

bool is_stopped() {
  const auto& child = process_record::child_context();
  return child != nullptr && child->usable() && child->stop_requested();
}

// A bell for those that wait for nothing that the keeper rings when this process is to stop.
struct stop_bell {
  struct ring {
    int bell;
    void operator()() const noexcept {
      const std::uint64_t once = 1;
      static_cast<void>(!::write(bell, &once, sizeof once));
    }
  };
  os::unique_fd bell = os::make_bell();
  std::stop_callback<ring> at_stop{this_process::stop_token(), ring{bell.get()}};
};

}  // namespace

awaited::awaited(const wait_source& source) {
  if (source.pipe != nullptr) {
    is_pipe = true;
    pipe = source.pipe->state();
    if (!*source.pipe) bad = errc::not_initialised;
  } else if (source.queue != nullptr) {
    queue = *source.queue;
    if (!queue) bad = errc::not_initialised;
  } else if (source.child != nullptr) {
    child = source.child->state();
    if (child == nullptr) bad = errc::not_initialised;
  } else if (source.has_deadline) {
    at = source.deadline;
  } else {
    descriptor = source.descriptor;
    if (::fcntl(descriptor, F_GETFD) < 0) bad = {errno, std::system_category()};
  }
}

wait_any_step::wait_any_step(patience how_long, std::span<const wait_source> sources)
    : all_(sources.begin(), sources.end()),
      until_(how_long.how == patience::kind::none
                 ? steady_clock::time_point::min()
                 : time_limit(how_long).or_sooner(steady_clock::time_point::max())),
      next_(until_) {
  for (const awaited& thing : all_) {
    next_ = std::min(next_, thing.at);
    has_child_ |= thing.child != nullptr;
  }
}

async_home wait_any_step::home() const {
  for (const awaited& thing : all_) {
    if (thing.queue) return home_of(thing.queue);
    if (const auto pipe = thing.pipe.lock()) return home_of(pipe);
    if (thing.child != nullptr) return home_of(*thing.child);
  }
  return home_of_nobody();
}

std::vector<async_source> wait_any_step::sources() {
  std::vector<async_source> out;
  bool hears_of_stop = process_record::child_context() == nullptr;
  for (const awaited& thing : all_) {
    async_source s;
    s.queue = thing.queue.state();
    s.pipe = thing.pipe;
    s.child = thing.child;
    s.descriptor = thing.descriptor;
    out.push_back(s);
    hears_of_stop |= thing.queue || thing.is_pipe;
  }
  if (!hears_of_stop) {
    const auto stop = std::make_shared<stop_bell>();
    out.emplace_back().descriptor = stop->bell.get();
    stop_ = stop;
  }
  return out;
}

bool wait_any_step::attempt(std::error_code& ec) {
  const bool waits = until_ != steady_clock::time_point::min();
  if (waits && is_stopped()) {
    ec = errc::stop_requested;
    return true;
  }
  for (std::size_t n = 0; n < all_.size(); ++n) {
    if (!is_ready(all_[n], ec)) continue;
    if (!ec) found_ = n;
    return true;
  }
  return steady_clock::now() >= until_;
}

}  // namespace bulkhead::detail
