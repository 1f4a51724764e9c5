#pragma once

#include <bulkhead/detail/async_queue_step.hpp>
#include <bulkhead/detail/batch_turn.hpp>
#include <bulkhead/queue.hpp>
#include <vector>

// The steps of a queue's asynchronous batches.
namespace bulkhead::detail {

template <class T>
class queue_send_batch_step : public queue_step {
 public:
  using result = std::size_t;

  queue_send_batch_step(const queue<T>& to, std::vector<T>&& values)
      : queue_step(to.core(), async_line::sends), values_(std::move(values)) {}

  [[nodiscard]] auto look_again() const {
    return turn_.is_over() ? std::chrono::steady_clock::now() : queue_step::look_again();
  }
  bool attempt(std::error_code& ec) {
    turn_.begin();
    if (ec = obstacle_to_send(core()); ec) return true;
    const queue<T> to(core());
    // One by one, so that it is known how many were sent whatever one of them throws.
    while (count_ != values_.size()) {
      if (turn_.is_over()) return false;
      const T& value = values_[count_];
      if (!to.try_send(value, ec)) {
        if (!ec) ec = refusal_to_wait(core());
        return static_cast<bool>(ec);
      }
      ++count_;
      turn_.count(encoded_size(value));
    }
    return true;
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, count_);
  }

 private:
  std::vector<T> values_;
  std::size_t count_ = 0;
  batch_turn turn_;
};

template <class T>
class queue_take_batch_step : public queue_step {
 public:
  using result = std::vector<delivery<T>>;

  queue_take_batch_step(const queue<T>& from, std::size_t max)
      : queue_step(from.core(), async_line::receives), max_(max) {}

  bool attempt(std::error_code& ec) {
    if (ec = obstacle_to_receive(core()); ec) return true;
    messages_ = queue<T>(core()).try_take_batch(max_, ec);
    return ec || !messages_.empty() || max_ == 0;
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, std::move(messages_));
  }

 private:
  std::size_t max_;
  result messages_;
};

}  // namespace bulkhead::detail
