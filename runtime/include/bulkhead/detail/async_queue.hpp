#pragma once

#include <bulkhead/detail/async_queue_batch.hpp>
#include <bulkhead/detail/async_queue_loan.hpp>
#include <bulkhead/detail/async_queue_step.hpp>
#include <bulkhead/queue.hpp>
#include <optional>

// The steps of a queue's asynchronous calls for one message, and how all of them are begun.
namespace bulkhead::detail {

template <class T>
class queue_send_step : public queue_step {
 public:
  using result = void;

  queue_send_step(const queue<T>& to, T&& value)
      : queue_step(to.core(), async_line::sends), value_(std::move(value)) {}

  bool attempt(std::error_code& ec) {
    if (ec = obstacle_to_send(core()); ec) return true;
    if (queue<T>(core()).try_send(value_, ec) || ec) return true;
    ec = refusal_to_wait(core());
    return static_cast<bool>(ec);
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec);
  }

 private:
  T value_;
};

template <class T>
class queue_receive_step : public queue_step {
 public:
  using result = T;

  explicit queue_receive_step(const queue<T>& from)
      : queue_step(from.core(), async_line::receives) {}

  bool attempt(std::error_code& ec) {
    if (ec = obstacle_to_receive(core()); ec) return true;
    std::optional<T> got = queue<T>(core()).try_receive(ec);
    if (got) value_ = std::move(*got);
    return ec || got;
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, std::move(value_));
  }

 private:
  T value_{};
};

template <class T>
class queue_take_step : public queue_step {
 public:
  using result = delivery<T>;

  explicit queue_take_step(const queue<T>& from) : queue_step(from.core(), async_line::receives) {}

  bool attempt(std::error_code& ec) {
    if (ec = obstacle_to_receive(core()); ec) return true;
    message_ = queue<T>(core()).try_take(ec);
    return ec || message_;
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, std::move(message_));
  }

 private:
  delivery<T> message_;
};

template <class T>
struct async_of<queue<T>> {
  template <class Token>
  static decltype(auto) send(const queue<T>& q, T&& value, Token&& token) {
    return async_run(queue_send_step<T>(q, std::move(value)), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) receive(const queue<T>& q, Token&& token) {
    return async_run(queue_receive_step<T>(q), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) take(const queue<T>& q, Token&& token) {
    return async_run(queue_take_step<T>(q), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) send_batch(const queue<T>& q, std::vector<T>&& values, Token&& token) {
    return async_run(queue_send_batch_step<T>(q, std::move(values)), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) take_batch(const queue<T>& q, std::size_t max, Token&& token) {
    return async_run(queue_take_batch_step<T>(q, max), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) loan(const queue<T>& q, std::size_t n, Token&& token) {
    return async_run(queue_loan_step<T>(q, n), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) send_loan(const queue<T>& q, queue_loan<T>&& filled, Token&& token) {
    return async_run(queue_send_loan_step<T>(q, std::move(filled)), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) take_in_place(const queue<T>& q, Token&& token) {
    return async_run(queue_take_in_place_step<T>(q), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) join(const queue<T>& q, Token&& token) {
    return async_run(queue_join_step(q.core()), std::forward<Token>(token));
  }
};

}  // namespace bulkhead::detail
