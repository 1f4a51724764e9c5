#include "event_stream.hpp"

#include <unistd.h>
#include <bulkhead/detail/async_supervisor.hpp>

#include "runtime_state.hpp"

namespace bulkhead::detail {

void event_stream::put(const supervision_event& event) {
  const std::lock_guard lock(mutex_);
  if (events_.size() >= most_) {
    events_.pop_front();
    ++missed_;
  }
  events_.push_back(event);
  ring_locked();
}

void event_stream::end(const end_reason& reason) {
  const std::lock_guard lock(mutex_);
  reason_ = reason;
  ring_locked();
}

void event_stream::abandon(errc why) {
  const std::lock_guard lock(mutex_);
  if (reason_) return;
  abandoned_ = why;
  ring_locked();
}

std::optional<supervision_event> event_stream::next(std::error_code& ec) {
  const std::lock_guard lock(mutex_);
  if (!events_.empty()) {
    std::optional<supervision_event> first(std::move(events_.front()));
    events_.pop_front();
    return first;
  }
  ec = reason_ ? std::error_code(errc::closed) : why_untold_locked();
  return std::nullopt;
}

std::optional<end_reason> event_stream::reason(std::error_code& ec) {
  const std::lock_guard lock(mutex_);
  if (!reason_) ec = why_untold_locked();
  return reason_;
}

std::error_code event_stream::why_untold_locked() const {
  if (abandoned_) return abandoned_;
  const auto rt = owner_.lock();
  return rt != nullptr ? rt->why_silent() : std::error_code(errc::runtime_gone);
}

std::uint64_t event_stream::missed() const {
  const std::lock_guard lock(mutex_);
  return missed_;
}

int event_stream::bell() {
  const std::lock_guard lock(mutex_);
  if (!bell_) bell_ = os::make_bell();
  return bell_.get();
}

bool event_stream::usable() const {
  const auto rt = owner_.lock();
  return rt == nullptr || rt->usable();
}

// Nobody reads it: each ring is an edge for all that watch.
void event_stream::ring_locked() const noexcept {
  const std::uint64_t once = 1;
  if (bell_) static_cast<void>(!::write(bell_.get(), &once, sizeof once));
}

// --- the steps ---

bool next_event_step::attempt(std::error_code& ec) {
  if (!stream_->usable()) {
    ec = errc::not_initialised;
    return true;
  }
  auto next = stream_->next(ec);
  if (next) event_ = std::move(*next);
  return next || ec;
}

std::vector<async_source> supervisor_end_step::sources() const {
  async_source end;
  end.events = stream_;
  return {end};
}

bool supervisor_end_step::attempt(std::error_code& ec) {
  if (!stream_->usable()) {
    ec = errc::not_initialised;
    return true;
  }
  auto reason = stream_->reason(ec);
  if (reason) reason_ = std::move(*reason);
  return reason || ec;
}

}  // namespace bulkhead::detail
