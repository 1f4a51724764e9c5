#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/feed_input.hpp>
#include <bulkhead/actors/detail/start_feed.hpp>
#include <bulkhead/actors/feed.hpp>
#include <bulkhead/actors/supervised.hpp>
#include <bulkhead/actors/system.hpp>
#include <bulkhead/errc.hpp>
#include <bulkhead/pipe.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace bulkhead::actors {

using from_pipe_options = feed_options;

namespace detail {

/// Receives from an end of a pipe. tells_restarts: the actor may have a handler for them.
template <class Out, class In, bool tells_restarts>
class pipe_input final : public feed_input {
 public:
  explicit pipe_input(std::shared_ptr<const pipe_end<Out, In>> from) : from_(std::move(from)) {}

  std::optional<leased_message> take(std::chrono::milliseconds how_long,
                                     std::error_code& ec) override {
    std::optional<In> message = from_->receive_for(how_long, ec);
    if (message) return leased_message{nullptr, compat::local_message(std::move(*message))};
    if (ec == errc::peer_restarted) {
      ec.clear();
      return restart();
    }
    if (ec == errc::peer_crashed) from_->core().check(ec, "receiving from");
    return std::nullopt;
  }
  bool drained() const override { return false; }
  std::string source() const override { return "pipe '" + from_->name() + "'"; }

 private:
  class notice final : public lease {
   public:
    void acknowledge() override {}
    bool is_optional() const override { return true; }
  };

  std::optional<leased_message> restart() const {
    if constexpr (tells_restarts) {
      const pipe_peer peer = from_->peer();
      return leased_message{
          std::make_unique<notice>(),
          compat::local_message(restarted{peer.status, std::uint64_t{peer.restarts} + 1})};
    } else {
      return std::nullopt;
    }
  }

  std::shared_ptr<const pipe_end<Out, In>> from_;
};

}  // namespace detail

/// Feeds what comes through an end of a pipe into an actor, in order, with credit: what the actor
/// has no credit for stays in the pipe, where it pushes back on the sender. What the actor answers
/// is dropped.
///
/// When the other side's process is supervised and starts again, an actor that handles `restarted`
/// gets one between the last message of the dead incarnation and the first of the next; others are
/// not told. The feed ends without an error when the other side has closed or exited with 0, and
/// all that it sent is handled. A handler that fails ends it, as with from_queue.
///
/// The first form takes the end over: it is closed when the feed has ended. The second shares it,
/// so that `to_pipe` can send through it; then nobody else receives from it.
/// @limits In: what a pipe carries; CAF need not know it. The handler takes `const In&`, `In&` or
/// In.
/// @returns the feed; destroying it ends it. Its `join` throws bulkhead::error peer_crashed, whose
/// status says how, when the other side ended otherwise. @errors std::invalid_argument: an empty
/// actor or end, no credit.
/// @threads any. Receives on a thread of its own, all signals blocked.
/// @crash own, or of the actor: what was received and not handled is lost, at most `credit`
/// messages.
template <class Out, class In, class Handle>
[[nodiscard]] feed from_pipe(system& sys, std::shared_ptr<const pipe_end<Out, In>> from,
                             const Handle& actor, const from_pipe_options& options = {}) {
  static_assert(compat::accepts<Handle, In>(),
                "from_pipe needs an actor that has a handler for what the pipe's end receives");
  constexpr bool tells_restarts = compat::accepts<Handle, restarted>();
  std::unique_ptr<detail::feed_input> input;
  if (from && *from) {
    input = std::make_unique<detail::pipe_input<Out, In, tells_restarts>>(std::move(from));
  }
  return detail::start_feed(sys, "from_pipe", std::move(input),
                            caf::actor_cast<caf::strong_actor_ptr>(actor), options);
}
template <class Out, class In, class Handle>
[[nodiscard]] feed from_pipe(system& sys, std::shared_ptr<pipe_end<Out, In>> from,
                             const Handle& actor, const from_pipe_options& options = {}) {
  return from_pipe(sys, std::shared_ptr<const pipe_end<Out, In>>(std::move(from)), actor, options);
}
template <class Out, class In, class Handle>
[[nodiscard]] feed from_pipe(system& sys, pipe_end<Out, In>&& from, const Handle& actor,
                             const from_pipe_options& options = {}) {
  return from_pipe(sys, std::make_shared<const pipe_end<Out, In>>(std::move(from)), actor, options);
}

}  // namespace bulkhead::actors
