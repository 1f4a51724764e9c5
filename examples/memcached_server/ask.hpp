#pragma once

#include <boost/asio.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

namespace memcached_server {

/// Asks an actor from a coroutine, and goes on on the coroutine's executor.
/// @returns nothing where it failed: the process behind it died, say.
/// @owns a short-lived actor waits for the answer; the executor outlives the actor system.
template <class R, class Handle, class Request>
boost::asio::awaitable<std::optional<R>> ask(caf::actor_system& system, Handle to,
                                             Request request) {
  namespace asio = boost::asio;
  const auto begin = [&](auto handler) {
    const auto executor = asio::get_associated_executor(handler);
    const auto done = std::make_shared<decltype(handler)>(std::move(handler));
    const auto give = [=](std::optional<R> answer) {
      asio::post(executor, [done, answer = std::move(answer)]() mutable {
        std::move (*done)(std::move(answer));
      });
    };
    system.spawn([=](caf::event_based_actor* self) {
      self->request(to, caf::infinite, request)
          .then([=](R& answer) { give(std::move(answer)); },
                [=](const caf::error&) { give(std::nullopt); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::optional<R>)>(
      begin, asio::use_awaitable);
}

}  // namespace memcached_server
