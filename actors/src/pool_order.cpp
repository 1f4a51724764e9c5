#include "pool_order.hpp"

#include <bulkhead/actors/remote_error.hpp>
#include <utility>

#include "pool_state.hpp"

namespace bulkhead::actors::detail {

namespace {

// True where another worker may do better.
bool is_of_worker(const caf::error& reason) {
  return compat::is_receiver_down(reason) || is(reason, errc::peer_crashed) ||
         is(reason, errc::peer_restarted) || is(reason, errc::closed) ||
         is(reason, errc::gave_up) || is(reason, errc::full);
}

// Who asked would wait for ever.
void tell_broken(const caf::strong_actor_ptr& sender, caf::message_id id) {
  if (!sender || !id.is_request()) return;
  sender->enqueue(compat::make_element(nullptr, id.response_id(), broken_promise()), nullptr);
}

}  // namespace

pool_order::~pool_order() {
  if (load_) load_->fetch_sub(1, std::memory_order_relaxed);
  if (!is_answered_) tell_broken(sender_, id_);
}

void pool_order::count_for(std::shared_ptr<worker_load> load) {
  if (load) load->fetch_add(1, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    load_.swap(load);
  }
  if (load) load->fetch_sub(1, std::memory_order_relaxed);
}

std::shared_ptr<worker_load> pool_order::load() {
  const std::lock_guard lock(mutex_);
  return load_;
}

caf::mailbox_element_ptr pool_order::element() {
  const std::lock_guard lock(mutex_);
  return compat::make_element(caf::strong_actor_ptr(ctrl()), id_,
                              attempts_ == 0 ? std::move(content_) : content_);
}

bool pool_order::may_try_again(const caf::mailbox_element& answer) {
  const auto& content = answer.content();
  if (!content.match_elements<caf::error>() || is_answered_) return false;
  if (!is_of_worker(content.get_as<caf::error>(0))) return false;
  const std::lock_guard lock(mutex_);
  if (attempts_ == 0) return false;
  --attempts_;
  return true;
}

void pool_order::receive(caf::mailbox_element_ptr& message, compat::unit* host) {
  if (message->mid.is_response()) {
    if (may_try_again(*message)) {
      const auto pool = pool_.lock();
      if (pool && pool->give_again(*this, host)) return;
    }
    if (is_answered_.exchange(true)) return;
    count_for(nullptr);
  }
  if (sender_) sender_->enqueue(std::move(message), host);
}

pool_question::~pool_question() {
  if (!is_answered_) tell_broken(sender_, id_);
}

void pool_question::receive(caf::mailbox_element_ptr& message, compat::unit* host) {
  if (message->mid.is_response()) {
    const bool failed = message->content().match_elements<caf::error>();
    if (failed && left_.fetch_sub(1) > 1) return;
    if (is_answered_.exchange(true)) return;
  }
  if (sender_) sender_->enqueue(std::move(message), host);
}

}  // namespace bulkhead::actors::detail
