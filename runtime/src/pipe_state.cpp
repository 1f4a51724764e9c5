#include "pipe_state.hpp"

#include <new>

#include "process_context.hpp"

namespace bulkhead::detail {
namespace {

using core::end_state;
using core::pipe_alarm;

static_assert(sizeof(pipe_ports) <= os::wiped_page::bytes);

/// Where one side of a pipe end sleeps. A ring wakes all of its threads, so no wake-up is ever
/// another's.
class end_parking final : public parking {
 public:
  end_parking(const pipe_alarm& alarm, const core::platform& os) noexcept
      : alarm_(alarm), os_(&os) {}
  [[nodiscard]] std::atomic<std::uint32_t>& word() const noexcept override {
    return alarm_.park_word();
  }
  void announce() noexcept override { alarm_.announce(); }
  bool withdraw() noexcept override { return alarm_.withdraw(); }
  void pass_on() noexcept override {}
  [[nodiscard]] const core::platform& os() const noexcept override { return *os_; }

 private:
  pipe_alarm alarm_;
  const core::platform* os_;
};

std::unique_ptr<parking> park_at(const pipe_alarm& alarm, const core::platform& os) {
  return std::make_unique<end_parking>(alarm, os);
}

}  // namespace

pipe_state::pipe_state(std::shared_ptr<process_context> context, std::uint64_t id, std::string name,
                       std::shared_ptr<os::pipe_memory> memory)
    : context_(std::move(context)),
      id_(id),
      end_(static_cast<std::uint32_t>(id & 1)),
      name_(std::move(name)),
      memory_(std::move(memory)),
      page_(std::make_unique<os::wiped_page>()),
      ports_(new (page_->data()) pipe_ports),
      gates_(context_->heart(), ports_->out.gate, ports_->in.gate),
      receiving_(view(), end_, pipe_alarm::side::receiving),
      sending_(view(), end_, pipe_alarm::side::sending),
      peer_receiving_(view(), 1 - end_, pipe_alarm::side::receiving),
      peer_sending_(view(), 1 - end_, pipe_alarm::side::sending),
      send_lock_(ports_->out.gate, view().os()),
      receive_lock_(ports_->in.gate, view().os()),
      writer_(view(), end_, ports_->out),
      reader_(view(), end_, ports_->in),
      senders_(park_at(sending_, view().os()), view().shape().directions[end_].slot_bytes != 0),
      receivers_(park_at(receiving_, view().os()),
                 view().shape().directions[1 - end_].slot_bytes != 0) {
  ports_->in.stop = &context_->stop_word();
}

// In a forked copy the mappings are not there, and something else may be in their place.
pipe_state::~pipe_state() {
  if (context_->in_original_process()) {
    if (!has_departed()) context_->leave_end(id_);
    // Asynchronous operations do not keep the end; they are to hear that it is gone.
    if (watched_.load(std::memory_order_relaxed)) receiving_.rouse();
    return;
  }
  static_cast<void>(page_.release());
  static_cast<void>(new std::shared_ptr<os::pipe_memory>(std::move(memory_)));
}

status pipe_state::check_alive() const {
  if (!context_->usable()) return context_->why_unusable();
  if (is_closed()) return has_departed() ? errc::not_initialised : errc::closed;
  if (view().is_corrupt()) return errc::corrupt;
  return {};
}

// Nothing while the peer's end is open or awaited.
status pipe_state::peer_error() const {
  // Acquire: what the peer sent before its end is there.
  switch (view().record(1 - end_).state.load(std::memory_order_acquire)) {
    case end_state::open:
    case end_state::awaited:
      return {};
    case end_state::closed:
      return errc::closed;
    case end_state::crashed:
      return errc::peer_crashed;
  }
  return errc::corrupt;
}

// What a call that found nothing to do, and would have to wait, says.
attempt_result pipe_state::waited(bool waits) {
  if (waits && context_->stop_requested()) return errc::stop_requested;
  return std::nullopt;
}

// --- sending ---

attempt_result pipe_state::try_reserve(std::size_t size, bool waits, pipe_place& out) {
  if (!context_->usable()) return context_->why_unusable();
  std::unique_lock lock(send_lock_);
  if (const status s = check_alive(); s.failed()) return s;
  if (const status s = peer_error(); s.failed()) return s;
  // Who holds the loan cannot wait for its own return.
  if (ports_->out.borrower == this_thread_mark()) return errc::full;
  if (ports_->out.lent() || streaming_) return waited(waits);
  switch (writer_.reserve(size, out.bytes)) {
    case core::pipe_room::there:
      out.locked = this;
      lock.release();
      return status();
    case core::pipe_room::none:
      return waited(waits);
    case core::pipe_room::too_large:
      return errc::too_large;
    case core::pipe_room::corrupt:
      break;
  }
  return mark_corrupt();
}

// Without a lock, where nothing stands in the way.
bool pipe_state::reserve_by_gate(std::size_t size, pipe_place& out) {
  pipe_out_port& port = ports_->out;
  if (!port.gate.enter()) return false;
  const bool changed = (port.peer->load(std::memory_order_relaxed) & attention::changed) != 0;
  if (!changed && !port.lent() && !streaming_ &&
      writer_.reserve(size, out.bytes) == core::pipe_room::there) {
    out.locked = this;
    out.gated = true;
    return true;
  }
  port.gate.leave();
  return false;
}

void pipe_state::unlock_sender(bool gated) {
  if (gated) {
    ports_->out.gate.leave();
  } else {
    send_lock_.unlock();
  }
}

status pipe_state::reserve(std::size_t size, patience how_long, pipe_place& out) {
  if (reserve_by_gate(size, out)) return {};
  const bool waits = how_long.may_wait();
  attempt_of step([&] { return try_reserve(size, waits, out); });
  return senders_.wait(step, time_limit(how_long));
}

status pipe_state::publish(pipe_place& place) {
  writer_.publish();
  place.locked = nullptr;
  // A slot's publication has left the gate already.
  if (!place.gated || !writer_.is_slotted()) unlock_sender(place.gated);
  return after_send();
}

// The message is in the ring. Where the peer is gone for good nobody will ever read it, so it was
// not sent.
status pipe_state::after_send() {
  const std::uint32_t wanted = ports_->out.peer->load(std::memory_order_relaxed);
  if ((wanted & (attention::receiver_asleep | attention::receiver_bell)) != 0) {
    peer_receiving_.wake();
  }
  if ((wanted & attention::changed) == 0) return {};
  return peer_error();
}

void pipe_state::wake_own_senders() {
  view().os().light_barrier();
  const std::uint32_t own = ports_->out.own->load(std::memory_order_relaxed);
  if ((own & (attention::sender_asleep | attention::sender_bell)) != 0) sending_.wake();
}

void pipe_state::wake_own_receivers() {
  view().os().light_barrier();
  const std::uint32_t own = ports_->in.own->load(std::memory_order_relaxed);
  if ((own & (attention::receiver_asleep | attention::receiver_bell)) != 0) receiving_.wake();
}

status pipe_state::lend_place(std::size_t size, patience how_long, std::byte*& out) {
  pipe_place place;
  if (const status s = reserve(size, how_long, place); s.failed()) return s;
  ports_->out.mark_lent();
  out = place.bytes;
  return {};
}

status pipe_state::return_place(bool send) {
  if (!context_->usable()) return context_->why_unusable();
  status result;
  {
    const std::unique_lock lock(send_lock_);
    ports_->out.unmark_lent();
    result = check_alive();
    if (send && !result.failed()) writer_.publish();
  }
  wake_own_senders();
  return send && !result.failed() ? after_send() : result;
}

// --- receiving ---

// `look_only` leaves restarts where they are.
attempt_result pipe_state::try_find(bool waits, bool look_only) {
  if (const status s = check_alive(); s.failed()) return s;
  if (waits && context_->stop_requested()) return errc::stop_requested;
  if (ports_->in.lent()) {
    if (ports_->in.borrower == this_thread_mark()) return errc::full;
    return std::nullopt;
  }
  core::pipe_next next = reader_.find();
  if (next == core::pipe_next::nothing) {
    // Pieces may have been taken in, and the sender waits for their room.
    view().os().light_barrier();
    after_receive();
    const status ended = peer_error();
    if (!ended.failed()) return std::nullopt;
    // What came between the first look and the end.
    next = reader_.find();
    if (next == core::pipe_next::nothing) return ended;
  }
  if (next == core::pipe_next::corrupt) return mark_corrupt();
  if (next == core::pipe_next::message) return status();
  if (!look_only) reader_.pass_restart();
  return errc::peer_restarted;
}

bool pipe_state::take_by_gate(bool waits, pipe_message& out) {
  pipe_in_port& port = ports_->in;
  if (!port.gate.enter()) return false;
  const bool stopped = waits && port.stop->load(std::memory_order_relaxed) != 0;
  const bool changed = (port.own->load(std::memory_order_relaxed) & attention::changed) != 0;
  // The message leaves the gate when it goes, also where there is no memory for pieces.
  out.locked = this;
  out.gated = true;
  const bool frames = view().shape().directions[1 - end_].slot_bytes == 0;
  if (!stopped && !changed && !port.lent()) {
    core::pipe_next next = reader_.find();
    if (next == core::pipe_next::nothing && waits && frames && spin_for_frame(port)) {
      next = reader_.find();
    }
    if (next == core::pipe_next::message) {
      out.bytes = reader_.message();
      return true;
    }
  }
  out.locked = nullptr;
  out.gated = false;
  port.gate.leave();
  return false;
}

void pipe_state::unlock_receiver(bool gated) {
  if (gated) {
    ports_->in.gate.leave();
  } else {
    receive_lock_.unlock();
  }
}

status pipe_state::take_or(const wait_break* other, patience how_long, pipe_message& out,
                           bool tell_restart) {
  const bool waits = how_long.may_wait();
  if (take_by_gate(waits, out)) return {};
  attempt_of step([&]() -> attempt_result {
    if (!context_->usable()) return context_->why_unusable();
    std::unique_lock lock(receive_lock_);
    const attempt_result found = try_find(waits, !tell_restart);
    if (found && !found->failed()) {
      out.bytes = reader_.message();
      out.locked = this;
      lock.release();
    }
    if (!found && other != nullptr && other->is_due()) return status();
    return found;
  });
  return receivers_.wait(step, time_limit(how_long));
}

void pipe_state::finish(pipe_message& message) {
  reader_.finish();
  message.locked = nullptr;
  // A slot's release has left the gate already.
  if (!message.gated || !reader_.is_slotted()) unlock_receiver(message.gated);
  after_receive();
}

void pipe_state::after_receive() {
  const std::uint32_t wanted = ports_->in.peer->load(std::memory_order_relaxed);
  if ((wanted & attention::for_receivers) != 0) peer_sending_.wake();
}

status pipe_state::poll(patience how_long) {
  const bool waits = how_long.may_wait();
  attempt_of step([&]() -> attempt_result {
    if (!context_->usable()) return context_->why_unusable();
    const std::unique_lock lock(receive_lock_);
    return try_find(waits, true);
  });
  return receivers_.wait(step, time_limit(how_long));
}

status pipe_state::lend_message(patience how_long, std::span<const std::byte>& out) {
  pipe_message message;
  if (const status s = take(how_long, message); s.failed()) return s;
  ports_->in.mark_lent();
  out = message.bytes;
  return {};
}

void pipe_state::return_message() {
  if (!context_->usable()) return;
  {
    const std::unique_lock lock(receive_lock_);
    ports_->in.unmark_lent();
    reader_.finish();
  }
  after_receive();
  wake_own_receivers();
}

// --- the end ---

status pipe_state::mark_corrupt() {
  view().alarm(0).corrupt.store(1, std::memory_order_release);
  for (std::uint32_t end = 0; end < 2; ++end) {
    view().alarm(end).attention.fetch_or(attention::changed, std::memory_order_seq_cst);
  }
  for (const pipe_alarm* alarm : {&receiving_, &sending_, &peer_receiving_, &peer_sending_}) {
    alarm->rouse();
  }
  return errc::corrupt;
}

void pipe_state::close() {
  if (!context_->usable()) return;
  {
    const std::scoped_lock both(send_lock_);
    const std::unique_lock receiving(receive_lock_);
    if (closed_.exchange(true, std::memory_order_acq_rel)) return;
    send_lock_.shut();
    receive_lock_.shut();
  }
  context_->leave_end(id_);
  receiving_.rouse();
  sending_.rouse();
}

// The ports ask nobody whether the pipe's owner is there still.
void pipe_state::rouse() {
  if (!context_->usable()) {
    const std::scoped_lock both(send_lock_);
    const std::unique_lock receiving(receive_lock_);
    send_lock_.shut();
    receive_lock_.shut();
  }
  receiving_.rouse();
  sending_.rouse();
}

status pipe_state::depart() {
  {
    const std::scoped_lock both(send_lock_);
    const std::unique_lock receiving(receive_lock_);
    if (const status s = check_alive(); s.failed()) return s;
    if (ports_->out.lent() || ports_->in.lent() || streaming_) return errc::full;
    if (reader_.is_collecting()) return errc::full;
    departed_.store(true, std::memory_order_release);
    closed_.store(true, std::memory_order_release);
    send_lock_.shut();
    receive_lock_.shut();
  }
  receiving_.rouse();
  sending_.rouse();
  return {};
}

void pipe_state::come_back() {
  const std::scoped_lock both(send_lock_);
  const std::unique_lock receiving(receive_lock_);
  if (!departed_.exchange(false, std::memory_order_acq_rel)) return;
  closed_.store(false, std::memory_order_release);
  send_lock_.open();
  receive_lock_.open();
}

}  // namespace bulkhead::detail
