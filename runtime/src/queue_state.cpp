#include "queue_state.hpp"

#include <new>
#include <thread>

#include "core/closing.hpp"

namespace bulkhead::detail {

static_assert(sizeof(queue_ports) <= os::wiped_page::bytes);

queue_state::queue_state(std::shared_ptr<process_context> context, std::uint64_t id,
                         std::string name, std::unique_ptr<os::queue_memory> memory)
    : context_(std::move(context)),
      memory_(std::move(memory)),
      ports_(new (page_.data()) queue_ports),
      gates_(context_->heart(), ports_->out.gate, ports_->in.gate),
      header_(&memory_->view().header()),
      id_(id),
      name_(std::move(name)) {
  ports_->out.signs = &header_->signs;
  ports_->in.signs = &header_->signs;
  ports_->in.stop = &context_->stop_word();
  ports_->in.queue = id_;
  ports_->in.state = this;
}

// While deliveries are not settled the queue keeps itself, and they are counted one by one.
void queue_state::abandon(std::shared_ptr<queue_state> self) noexcept {
  if (!self->context_->in_original_process()) return;
  participation* const me = self->joined();
  if (me == nullptr) return;
  const std::int64_t held = me->close_taking();
  self->leases_.keep(self, held);
}

// In a forked copy the mappings are not there, and something else may be in their place.
queue_state::~queue_state() {
  if (!context_->in_original_process()) static_cast<void>(memory_.release());
  context_->queue_let_go(id_);
}

void queue_state::take_seat(const seat_grant& grant) {
  const std::lock_guard lock(join_mutex_);
  if (participation_ != nullptr)
    return;  // another thread asked as well; the keeper answers both alike
  memory_->own_seat(grant.seat);
  participation_ = std::make_unique<participation>(view(), *memory_, *ports_, grant);
  joined_.store(participation_.get(), std::memory_order_release);
}

// The seat comes with the first call that needs one. While all are taken and some belong to the
// dead, they become free as their lanes drain, which nobody announces; so we ask again, 200 times a
// second.
status queue_state::join(const time_limit& limit, participation*& out) {
  if (const status s = check_alive(); s.failed()) return s;
  if ((out = joined()) != nullptr) return {};
  const core::waiting_mark mark(view().os().heart);
  while ((out = joined()) == nullptr) {
    std::error_code ec;
    if (auto seat = context_->join_queue(id_, ec)) {
      take_seat({seat->seat, seat->epoch, seat->sent_before});
    } else if (ec != errc::full) {
      return status::of(ec);
    } else if (!limit.may_wait()) {
      return errc::full;
    } else if (limit.is_over()) {
      return errc::timed_out;
    } else if (context_->stop_requested()) {
      return errc::stop_requested;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  return {};
}

status queue_state::check_alive() const {
  if (!context_->usable()) return context_->why_unusable();
  if (header_->signs.corrupt.load(std::memory_order_relaxed) != 0) return errc::corrupt;
  return {};
}

std::uint32_t queue_state::known_seat() const {
  const auto* me = joined();
  return me != nullptr ? me->consumer.seat() : core::seats_max;
}

bool queue_state::is_ready() const {
  if (check_alive().failed()) return true;
  const std::uint32_t lanes = view().seats_used();
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    for (std::uint32_t n = 0; view().is_used(lane) && n < view().ring_slots(); ++n) {
      const core::slot_word word = view().slot_at(lane, n).load(std::memory_order_acquire);
      if (word.is(core::slot_state::ready)) return true;
    }
  }
  return core::is_over_for(view(), known_seat());
}

void queue_state::close() {
  if (context_->usable()) core::close(view());
}

void queue_state::rouse() {
  if (auto* me = joined()) {
    // The ports ask nobody whether the queue's owner is there still.
    if (!context_->usable()) me->shut_ports();
    core::seat_block& seat = view().seat(me->consumer.seat());
    for (std::atomic<std::uint32_t>* word : {&seat.receive_park, &seat.send_park}) {
      word->fetch_add(1, std::memory_order_seq_cst);
      view().os().wake(*word);
    }
  }
  core::wake_joiners(view());
  view().bells.ring_both(view().os());
}

status queue_state::mark_corrupt() {
  header_->signs.corrupt.store(1, std::memory_order_release);
  core::parked_set(view(), core::side::receivers).wake_all();
  core::parked_set(view(), core::side::senders).wake_all();
  return errc::corrupt;
}

}  // namespace bulkhead::detail
