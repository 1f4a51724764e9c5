#pragma once

#include <atomic>
#include <bulkhead/actors/sink.hpp>
#include <bulkhead/message.hpp>
#include <bulkhead/pipe.hpp>
#include <memory>
#include <utility>

namespace bulkhead::actors {

namespace detail {

/// Sends to an end of a pipe.
template <class Out, class In>
class pipe_output final : public sink_output {
 public:
  pipe_output(std::shared_ptr<const pipe_end<Out, In>> to, bool is_owner)
      : to_(std::move(to)), is_owner_(is_owner) {}

  bool takes(const compat::message_values& content) const override {
    return content.match_elements<Out>();
  }
  std::error_code put(const compat::message_values& content,
                      std::chrono::milliseconds how_long) override {
    const Out& value = content.get_as<Out>(0);
    const bool waits = how_long.count() > 0;
    const bool in_pieces = bulkhead::detail::encoded_size(value) > to_->core().whole_bytes_max();
    std::error_code ec;
    bool sent = false;
    if (!in_pieces) {
      sent = waits ? to_->send_for(value, how_long, ec) : to_->try_send(value, ec);
    } else if (waits) {
      // Given up half-way it would have to begin anew: `cancel` ends it.
      waits_in_pieces_ = true;
      to_->send(value, ec);
      waits_in_pieces_ = false;
      sent = !ec;
      if (ec == errc::peer_restarted) ec.clear();  // once more, to the next
    }
    if (sent || ec) return ec;
    return make_error_code(waits ? errc::timed_out : errc::full);
  }
  void cancel() noexcept override {
    if (waits_in_pieces_) shut();
  }
  void close() noexcept override {
    if (is_owner_) shut();
  }
  exit_status peer_status() const override { return to_->peer().status; }
  const std::string& name() const override { return to_->name(); }

 private:
  void shut() noexcept {
    try {
      to_->close();
    } catch (const std::exception&) {  // it is no end any more
    }
  }

  std::shared_ptr<const pipe_end<Out, In>> to_;
  const bool is_owner_;
  std::atomic<bool> waits_in_pieces_{false};
};

template <class Out, class In>
sink<Out> start_pipe_sink(system& sys, std::shared_ptr<const pipe_end<Out, In>> to, bool is_owner,
                          const sink_options& options) {
  std::unique_ptr<sink_output> output;
  if (to && *to) output = std::make_unique<pipe_output<Out, In>>(std::move(to), is_owner);
  return caf::actor_cast<sink<Out>>(start_sink(sys, "to_pipe", std::move(output), options));
}

}  // namespace detail

/// Makes an actor that sends what it is sent through an end of a pipe, in the order of each sender.
/// Messages for which there is no room wait here (sink_options), as do those that go in pieces; a
/// thread of the sink's own brings them.
///
/// It ends when the other side has ended, which the next message finds: by an error for which
/// `is(error, errc::closed)` or `is(error, errc::peer_crashed)`, and then `exit_of(error)` says
/// how. A supervised other side that starts again gets what follows; `from_pipe` on the same end
/// tells of that. Ends by an exit message and with its last handle as to_queue's.
///
/// The first form takes the end over: it is closed when the sink has ended. The second shares it.
/// @limits Out: the pipe's message that CAF can send too, as of to_queue.
/// @errors std::invalid_argument: an empty end, no room to wait.
/// @threads any. A send does not wait in an actor that shares its thread with others.
/// @crash own: what waits is lost. Of the other side: what it had not read is lost with it, unless
/// it is started again. An answer says that the message is in the pipe, not that it was read.
template <class Out, class In>
[[nodiscard]] sink<Out> to_pipe(system& sys, pipe_end<Out, In>&& to,
                                const sink_options& options = {}) {
  return detail::start_pipe_sink(sys, std::make_shared<const pipe_end<Out, In>>(std::move(to)),
                                 true, options);
}
template <class Out, class In>
[[nodiscard]] sink<Out> to_pipe(system& sys, std::shared_ptr<const pipe_end<Out, In>> to,
                                const sink_options& options = {}) {
  return detail::start_pipe_sink(sys, std::move(to), false, options);
}
template <class Out, class In>
[[nodiscard]] sink<Out> to_pipe(system& sys, std::shared_ptr<pipe_end<Out, In>> to,
                                const sink_options& options = {}) {
  return to_pipe(sys, std::shared_ptr<const pipe_end<Out, In>>(std::move(to)), options);
}

}  // namespace bulkhead::actors
