#pragma once

#include <bulkhead/detail/forwarding.hpp>
#include <bulkhead/detail/queue_calls.hpp>
#include <chrono>
#include <functional>
#include <system_error>
#include <utility>

namespace bulkhead::detail {

/// The calls of `queue<T>` that are there for all of its messages.
template <class T>
class stage_calls : protected queue_calls<T> {
 public:
  /// Runs `handler` on every message and acknowledges it when the handler returns, until the queue
  /// is closed and drained or this process is asked to stop; neither is an error. A handler that
  /// throws: the message is released and the exception goes on to the caller. One that outlasts its
  /// lease: the message is delivered again, and the next one comes.
  template <class Handler>
  void consume(Handler&& handler) const {
    core_.check(consume_all(handler), "taking from");
  }
  template <class Handler>
  void consume(Handler&& handler, std::error_code& ec) const {
    ec = consume_all(handler).code();
  }
  /// A stage of a pipeline: runs `fn` on every message and hands its result (a value, an optional
  /// or a range) to `out`, a queue or queue_sender, in one step with the acknowledgement, so that
  /// after any crash both have happened or neither. Ends as `consume` does. Errors are also those
  /// of a forward to `out`: then the message that was in hand is released.
  template <class Out, class Fn>
  requires is_output<Out>
  void transform(const Out& out, Fn&& fn) const {
    const status ended = each([&](delivery<T>& d) {
      const auto& result = std::invoke(fn, std::as_const(*d));
      try {
        d.forward(out, result);
      } catch (const std::system_error& failure) {
        if (failure.code() != errc::lease_lost) throw;
      }
      return true;
    });
    core_.check(ended, "taking from");
  }
  template <class Out, class Fn>
  requires is_output<Out>
  void transform(const Out& out, Fn&& fn, std::error_code& ec) const {
    std::error_code failure;
    const status ended = each([&](delivery<T>& d) {
      d.forward(out, std::invoke(fn, std::as_const(*d)), failure);
      if (failure == errc::lease_lost) failure.clear();
      return !failure;
    });
    ec = failure ? failure : ended.code();
  }

  /// Waits until every message is settled: acknowledged, rejected, dropped or a dead letter.
  void join() const { core_.check(core_.join(patience::forever()), joining); }
  void join(std::error_code& ec) const { ec = core_.join(patience::forever()).code(); }
  /// @returns false when some are not settled now.
  [[nodiscard]] bool try_join() const { return done_or_not(core_.join(patience::none()), joining); }
  [[nodiscard]] bool try_join(std::error_code& ec) const {
    return done_or_not(core_.join(patience::none()), ec);
  }
  /// @returns false when some were not settled in that time.
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) const {
    return done_or_not(core_.join(patience::lasting(time)), joining);
  }
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time, std::error_code& ec) const {
    return done_or_not(core_.join(patience::lasting(time)), ec);
  }

 protected:
  using queue_calls<T>::queue_calls;
  friend bool operator==(const stage_calls&, const stage_calls&) = default;
  using queue_calls<T>::core_;
  using queue_calls<T>::done_or_not;
  using queue_calls<T>::lease;

  // The next message of a stream, or an empty delivery at its end, which is no error.
  delivery<T> next(status& ended) const {
    status result;
    delivery<T> d = lease(patience::forever(), result);
    ended = as_end(result);
    return d;
  }
  static status as_end(status result) noexcept {
    return result == errc::closed || result == errc::stop_requested ? status() : result;
  }

 private:
  static constexpr const char* joining = "joining";

  // Until `step` returns false. @returns what a take ended it with.
  template <class Step>
  status each(Step step) const {
    status ended;
    while (delivery<T> d = next(ended)) {
      if (!step(d)) break;
    }
    return ended;
  }
  template <class Handler>
  status consume_all(Handler& handler) const {
    return each([&](delivery<T>& d) {
      std::invoke(handler, std::as_const(*d));
      std::error_code lost;
      d.ack(lost);
      return true;
    });
  }
};

}  // namespace bulkhead::detail
