#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/feed_input.hpp>
#include <bulkhead/actors/detail/start_feed.hpp>
#include <bulkhead/actors/feed.hpp>
#include <bulkhead/actors/system.hpp>
#include <bulkhead/queue.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

namespace bulkhead::actors {

/// A message with its name, for actors that handle `delivered<T>` in place of T: sinks that must
/// know a message which comes again.
template <class T>
struct delivered {
  T value;
  message_id id;
  std::uint32_t attempt = 0;  ///< Above 1: an earlier taker released it or died.
};

using from_queue_options = feed_options;

namespace detail {

/// Takes from a queue<T>; Content is what the actor gets: T or delivered<T>.
template <class T, class Content>
class queue_input final : public feed_input {
 public:
  explicit queue_input(queue<T> from) : from_(std::move(from)) {}

  std::optional<leased_message> take(std::chrono::milliseconds how_long,
                                     std::error_code& ec) override {
    delivery<T> message = from_.take_for(how_long, ec);
    if (ec || !message) return std::nullopt;
    caf::message content = compat::local_message(content_of(message));
    return leased_message{std::make_unique<queue_lease>(std::move(message)), std::move(content)};
  }
  bool drained() const override { return from_.closed() && from_.empty(); }
  std::string source() const override { return "queue '" + from_.name() + "'"; }

 private:
  class queue_lease final : public lease {
   public:
    explicit queue_lease(delivery<T> message) : message_(std::move(message)) {}
    void acknowledge() override { message_.ack(); }

   private:
    delivery<T> message_;
  };

  static Content content_of(delivery<T>& message) {
    if constexpr (std::same_as<Content, T>) {
      return std::move(message.value());
    } else {
      return {std::move(message.value()), message.id(), message.attempt()};
    }
  }

  queue<T> from_;
};

}  // namespace detail

/// Feeds a queue into an actor, in order: each message becomes a request to the actor, and is
/// acknowledged when its handler is done: has returned, or, when it returned a promise, when that
/// was answered. What it answers is dropped.
///
/// A handler that fails does not get its message acknowledged but released: the feed ends with an
/// error, while what the actor has besides is settled as the actor handles it. When the actor ends,
/// all that it has not handled is released.
/// @limits T: nothing beyond what queue<T> asks; CAF need not know it. The handler takes `const
/// T&`, `T&` or T, or delivered<T> instead.
/// @returns the feed; destroying it ends it. @errors std::invalid_argument: an empty actor or
/// queue, no credit.
/// @threads any. Takes on a thread of its own, all signals blocked; answers are settled on CAF's
/// workers.
/// @crash own: all that is not acknowledged comes again, marked, also what the handler had done.
template <class T, class Handle>
[[nodiscard]] feed from_queue(system& sys, queue<T> from, const Handle& actor,
                              const from_queue_options& options = {}) {
  constexpr bool takes_value = compat::accepts<Handle, T>();
  constexpr bool takes_delivered = compat::accepts<Handle, delivered<T>>();
  static_assert(takes_value || takes_delivered,
                "from_queue needs an actor that has a handler for the queue's messages, as T or as "
                "delivered<T>");
  using content = std::conditional_t<takes_value, T, delivered<T>>;
  std::unique_ptr<detail::feed_input> input;
  if (from) input = std::make_unique<detail::queue_input<T, content>>(std::move(from));
  return detail::start_feed(sys, "from_queue", std::move(input),
                            caf::actor_cast<caf::strong_actor_ptr>(actor), options);
}

}  // namespace bulkhead::actors
