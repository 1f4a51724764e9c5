#include "pipe_state.hpp"
#include "process_context.hpp"

// Messages larger than the ring, which go out in pieces.
namespace bulkhead::detail {

// As many pieces as there is room for, of a message that this thread alone sends now.
attempt_result pipe_state::try_pieces(outgoing& message) {
  if (!context_->usable()) return context_->why_unusable();
  const auto carrying = lock_carrying(message.names);
  const std::unique_lock lock(send_lock_);
  if (const status s = check_alive(); s.failed()) return s;
  if (const status s = peer_error(); s.failed()) return s;
  if (!message.begun && ports_->out.borrower == this_thread_mark()) {
    return errc::full;
  }
  if (!message.begun && (ports_->out.lent() || streaming_)) return waited(message.waits);
  // The peer that had the first pieces is no more.
  const auto& record = view().record(1 - end_);
  if (message.begun && record.restarts.load(std::memory_order_acquire) != message.restarts) {
    return errc::peer_restarted;
  }
  // It had some of this, and will never read the rest.
  if (message.begun && record.state.load(std::memory_order_acquire) == core::end_state::awaited) {
    return waited(message.waits);
  }
  while (!message.head.empty() || !message.body.empty()) {
    auto& part = message.head.empty() ? message.body : message.head;
    core::pipe_room room{};
    const std::size_t sent =
        writer_.write_piece(part, !message.begun, &part == &message.body, room, message.in_all);
    if (room == core::pipe_room::corrupt) return mark_corrupt();
    if (room == core::pipe_room::none) return waited(message.waits);
    const bool names_follow = !message.names.empty() && sent == part.size();  // one part: the body
    if (names_follow) {
      if (const status s = carry(message.names); s.failed()) return s;
    }
    if (!message.begun) message.first = writer_.next_tail();
    // Release: who sees a place sees what belongs to it.
    if (!message.begun && message.noted.first != nullptr) {
      message.noted.first->store(message.first, std::memory_order_release);
    }
    if (message.noted.whole != nullptr && sent == part.size() && &part == &message.body) {
      // A receiver that had taken some of it takes that along when it dies.
      message.noted.whole->store(message.first, std::memory_order_release);
    }
    writer_.publish();
    message.begun = streaming_ = true;
    part = part.subspan(sent);
    if (const status s = after_send(); s.failed()) {
      if (names_follow) take_back(writer_.next_tail(), message.names);
      return s;
    }
  }
  return status();
}

// A message that is given up midway is dropped by its receiver when the next one begins.
status pipe_state::send_pieces(std::span<const std::byte> head, std::span<const std::byte> body,
                               patience how_long, const std::vector<std::uint64_t>& names,
                               const piece_places& noted) {
  if (!how_long.may_wait()) return errc::too_large;
  outgoing message = begin_pieces(head, body);
  message.names = names;
  message.noted = noted;
  const status result = push_pieces(message, how_long);
  end_pieces(message);
  return result;
}

status pipe_state::push_pieces(outgoing& message, patience how_long) {
  attempt_of step([&] { return try_pieces(message); });
  return senders_.wait(step, time_limit(how_long));
}

pipe_state::outgoing pipe_state::begin_pieces(std::span<const std::byte> head,
                                              std::span<const std::byte> body) const {
  return {head, body, view().record(1 - end_).restarts.load(std::memory_order_acquire),
          head.size() + body.size()};
}

void pipe_state::end_pieces(outgoing& message) {
  if (!std::exchange(message.begun, false) || !context_->usable()) return;
  {
    const std::unique_lock lock(send_lock_);
    streaming_ = false;
  }
  wake_own_senders();
}

}  // namespace bulkhead::detail
