#pragma once

#include <bulkhead/detail/async_queue_step.hpp>
#include <bulkhead/queue.hpp>
#include <utility>

// The steps of a queue's asynchronous calls for messages that are filled and read where they lie.
namespace bulkhead::detail {

template <class T>
class queue_loan_step : public queue_step {
 public:
  using result = queue_loan<T>;

  queue_loan_step(const queue<T>& from, std::size_t n)
      : queue_step(from.core(), async_line::loans), n_(n) {}

  bool attempt(std::error_code& ec) {
    if (ec = obstacle_to_send(core()); ec) return true;
    const queue<T> from(core());
    auto lent = from.try_loan(n_, ec);
    if (lent) {
      lent.keep_lender();
      room_ = std::move(lent);
      return true;
    }
    if (!ec) ec = refusal_to_wait(core());
    return static_cast<bool>(ec);
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, std::move(room_));
  }

 private:
  std::size_t n_;
  result room_;
};

template <class T>
class queue_send_loan_step : public queue_step {
 public:
  using result = void;

  queue_send_loan_step(const queue<T>& to, queue_loan<T>&& filled)
      : queue_step(to.core(), async_line::sends_of_loans), filled_(std::move(filled)) {
    filled_.keep_lender();
  }

  bool attempt(std::error_code& ec) {
    if (ec = obstacle_to_send(core()); ec) return true;
    if (queue<T>(core()).try_send(std::move(filled_), ec) || ec) return true;
    ec = refusal_to_wait(core());
    return static_cast<bool>(ec);
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    // What was not sent gives its room back before the handler may ask for some.
    filled_ = {};
    std::forward<Handler>(handler)(ec);
  }

 private:
  queue_loan<T> filled_;
};

template <class T>
class queue_take_in_place_step : public queue_step {
 public:
  using result = lent_delivery<T>;

  explicit queue_take_in_place_step(const queue<T>& from)
      : queue_step(from.core(), async_line::receives) {}

  bool attempt(std::error_code& ec) {
    if (ec = obstacle_to_receive(core()); ec) return true;
    message_ = queue<T>(core()).try_take_in_place(ec);
    return ec || message_;
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, std::move(message_));
  }

 private:
  result message_;
};

}  // namespace bulkhead::detail
