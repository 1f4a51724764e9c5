#include "sink_state.hpp"

#include <bulkhead/actors/remote_error.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "stand_in.hpp"

namespace bulkhead::actors::detail {

namespace {

// No mailbox has a call that an end of the sink could end, so who waits looks up this often.
constexpr std::chrono::milliseconds look_up_period{50};
constexpr std::chrono::milliseconds at_once{0};
// How often an output is tended that wants to be.
constexpr std::chrono::milliseconds tend_period{2};

// Errors of one message; all others are of the mailbox.
bool is_of_message(const std::error_code& ec) {
  return ec == errc::full || ec == errc::too_large || ec == errc::unsupported ||
         ec == errc::not_permitted || ec == errc::stop_requested || ec == errc::peer_restarted;
}

}  // namespace

void sink_state::start(const caf::strong_actor_ptr& proxy) {
  proxy_ = caf::actor_cast<caf::weak_actor_ptr>(proxy);
  output_->call_by([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->call();
  });
  start_thread([self = shared_from_this()] { self->run(); });
}

// -- in the sender's thread ----------------------------------------------------------------------

caf::error sink_state::take(sink_output& output, caf::mailbox_element_ptr& message,
                            compat::unit* host) {
  const compat::message_values& content = message->content();
  if (content.match_elements<caf::exit_msg>()) {
    if (const auto& reason = content.get_as<caf::exit_msg>(0).reason) end(output, reason);
    return {};
  }
  if (!output.takes(content)) return caf::sec::unexpected_message;
  if (compat::may_wait(host)) return wait_for_room(output, *message, host);
  // What was sent before comes first.
  if (has_waiting_.load(std::memory_order_acquire) && output.needs_room(content)) {
    return keep(message);
  }
  const outcome of = put(output, content, at_once);
  if (of.ec == errc::full) return keep(message);
  return tell(of, output, *message, host);
}

caf::error sink_state::wait_for_room(sink_output& output, caf::mailbox_element& message,
                                     compat::unit* host) {
  for (;;) {
    outcome of = put(output, message.content(), look_up_period);
    if (of.ec == errc::timed_out) {
      const std::lock_guard lock(mutex_);
      if (is_ending_) return drop(message, reason_);
      if (!nobody_waits_) continue;
      of.ec = errc::full;
    }
    return tell(of, output, message, host);
  }
}

caf::error sink_state::keep(caf::mailbox_element_ptr& message) {
  {
    const std::lock_guard lock(mutex_);
    if (is_ending_) return drop(*message, reason_);
    if (nobody_waits_ || waiting_.size() >= waiting_most_) {
      return drop(*message, error_for(errc::full));
    }
    waiting_.push_back(std::move(message));
    has_waiting_.store(true, std::memory_order_release);
  }
  changed_.notify_one();
  return {};
}

// A value that its own `inspect` refuses is thrown.
sink_state::outcome sink_state::put(sink_output& output, const compat::message_values& content,
                                    std::chrono::milliseconds how_long) {
  try {
    return {output.put(content, how_long)};
  } catch (const std::exception& failure) {
    return {make_error_code(errc::too_large), failure.what()};
  }
}

caf::error sink_state::tell(const outcome& of, sink_output& output,
                            const caf::mailbox_element& message, compat::unit* host) {
  const std::error_code& ec = of.ec;
  if (!ec) {
    answer(message, {}, host);
    return {};
  }
  if (!of.text.empty()) return drop(message, error_for(errc::too_large, of.text));
  caf::error why = error_for(ec, ec == errc::peer_crashed ? output.peer_status() : exit_status());
  if (!is_of_message(ec)) end(output, why);
  return drop(message, std::move(why));
}

caf::error sink_state::drop(const caf::mailbox_element& message, caf::error why) {
  if (!message.mid.is_request()) dropped_.fetch_add(1, std::memory_order_relaxed);
  return why;
}

// -- its end -------------------------------------------------------------------------------------

void sink_state::end(sink_output& output, caf::error reason) {
  bool has_thread = true;
  {
    const std::lock_guard lock(mutex_);
    if (is_ending_) return;
    is_ending_ = true;
    reason_ = reason;
    has_thread = output_ != nullptr;
  }
  changed_.notify_one();
  if (!has_thread) close(output, std::move(reason));
}

void sink_state::leave() noexcept {
  {
    const std::lock_guard lock(mutex_);
    has_handles_ = false;
  }
  changed_.notify_one();
}

void sink_state::let_go() noexcept {
  std::shared_ptr<sink_output> output;
  {
    const std::lock_guard lock(mutex_);
    nobody_waits_ = true;
    output = output_;
  }
  changed_.notify_one();
  if (output) output->cancel();
}

// -- the thread ----------------------------------------------------------------------------------

void sink_state::run() noexcept {
  try {
    bring_all(*output_);
    bring_what_fits(*output_);
    finish();
  } catch (const std::exception&) {  // no memory; what waits is dropped, and its askers told so
  }
  compat::forget_logger();
  set_done();
}

void sink_state::bring_all(sink_output& output) {
  while (caf::mailbox_element* const message = next(output)) {
    const outcome of = put(output, message->content(), tends_ ? tend_period : look_up_period);
    if (of.ec == errc::timed_out) continue;
    if (of.ec == errc::stop_requested) {
      const std::lock_guard lock(mutex_);
      nobody_waits_ = true;
      continue;
    }
    caf::error why = tell(of, output, *message, nullptr);
    if (why) refuse(*message, std::move(why), nullptr);
    static_cast<void>(pop());
  }
}

void sink_state::call() {
  {
    const std::lock_guard lock(mutex_);
    is_called_ = true;
  }
  changed_.notify_one();
}

// @returns nullptr: there is nothing more to wait for.
caf::mailbox_element* sink_state::next(sink_output& output) {
  std::unique_lock lock(mutex_);
  const auto is_over = [&] {
    return nobody_waits_ || is_ending_ || (waiting_.empty() && !has_handles_);
  };
  const auto is_due = [&] { return !waiting_.empty() || is_over() || is_called_; };
  for (;;) {
    if (tends_) {
      changed_.wait_for(lock, tend_period, is_due);
    } else {
      changed_.wait(lock, is_due);
    }
    if (tends_ || is_called_) {
      is_called_ = false;
      lock.unlock();
      tends_ = output.tend();
      lock.lock();
    }
    if (is_over()) return nullptr;
    if (!waiting_.empty()) return waiting_.front().get();
  }
}

// It comes last: until then, its sender's next one has to wait behind it.
caf::mailbox_element_ptr sink_state::pop() {
  const std::lock_guard lock(mutex_);
  caf::mailbox_element_ptr front = std::move(waiting_.front());
  waiting_.pop_front();
  if (waiting_.empty()) has_waiting_.store(false, std::memory_order_release);
  return front;
}

void sink_state::bring_what_fits(sink_output& output) {
  while (has_waiting_.load(std::memory_order_acquire)) {
    caf::mailbox_element& message = *waiting_.front();
    caf::error why;
    {
      const std::lock_guard lock(mutex_);
      if (is_ending_) why = drop(message, reason_);
    }
    if (!why) why = tell(put(output, message.content(), at_once), output, message, nullptr);
    if (why) refuse(message, std::move(why), nullptr);
    static_cast<void>(pop());
  }
}

void sink_state::finish() {
  std::shared_ptr<sink_output> output;
  caf::error reason;
  bool is_ending = false;
  {
    const std::lock_guard lock(mutex_);
    output.swap(output_);
    reason = reason_;
    is_ending = is_ending_;
    nobody_waits_ = true;
  }
  if (is_ending) close(*output, std::move(reason));
}

void sink_state::close(sink_output& output, caf::error reason) {
  output.close();
  if (const auto here = proxy_.lock()) {
    static_cast<caf::actor_proxy*>(here->get())->kill_proxy(nullptr, std::move(reason));
  }
}

}  // namespace bulkhead::actors::detail
