#pragma once

#include <bulkhead/detail/async_pipe_step.hpp>
#include <bulkhead/detail/batch_turn.hpp>
#include <bulkhead/pipe.hpp>
#include <optional>
#include <utility>
#include <vector>

// The steps of a pipe end's asynchronous calls, and how they are begun.
namespace bulkhead::detail {

template <class Out, class In>
class pipe_send_step : public pipe_sending_step<Out, In> {
 public:
  using result = void;

  pipe_send_step(const pipe_end<Out, In>& to, Out&& value)
      : pipe_sending_step<Out, In>(to), value_(std::move(value)) {}

  bool attempt(std::error_code& ec) { return this->attempt_one(value_, ec); }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec);
  }

 private:
  Out value_;
};

template <class Out, class In>
class pipe_send_batch_step : public pipe_sending_step<Out, In> {
 public:
  using result = std::size_t;

  pipe_send_batch_step(const pipe_end<Out, In>& to, std::vector<Out>&& values)
      : pipe_sending_step<Out, In>(to), values_(std::move(values)) {}

  [[nodiscard]] auto look_again() const {
    return turn_.is_over() ? std::chrono::steady_clock::now() : pipe_step::look_again();
  }
  bool attempt(std::error_code& ec) {
    turn_.begin();
    while (count_ != values_.size()) {
      if (turn_.is_over()) return false;
      const Out& value = values_[count_];
      if (!this->attempt_one(value, ec)) return false;
      if (ec) return true;
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
  std::vector<Out> values_;
  std::size_t count_ = 0;
  batch_turn turn_;
};

template <class Out, class In, class Result>
class pipe_receiving_step : public pipe_step {
 public:
  using result = Result;

  explicit pipe_receiving_step(const pipe_end<Out, In>& from)
      : pipe_step(from.core(), async_line::receives) {}

  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, std::move(value_));
  }

 protected:
  // `receive(end, value, ec)` says whether it found something.
  template <class Receive>
  bool attempt_by(Receive receive, std::error_code& ec) {
    pipe_core pipe;
    if (ec = obstacle(pipe); ec) return true;
    if (ec = obstacle_to_wait(pipe); ec) return true;
    const pipe_end<Out, In> from(std::move(pipe));
    return receive(from, value_) || ec;
  }

 private:
  Result value_{};
};

template <class Out, class In>
class pipe_receive_step : public pipe_receiving_step<Out, In, In> {
 public:
  using pipe_receiving_step<Out, In, In>::pipe_receiving_step;

  bool attempt(std::error_code& ec) {
    return this->attempt_by(
        [&](const pipe_end<Out, In>& from, In& value) {
          std::optional<In> got = from.try_receive(ec);
          if (got) value = std::move(*got);
          return got.has_value();
        },
        ec);
  }
};

template <class Out, class In>
class pipe_receive_batch_step : public pipe_receiving_step<Out, In, std::vector<In>> {
 public:
  pipe_receive_batch_step(const pipe_end<Out, In>& from, std::size_t max)
      : pipe_receiving_step<Out, In, std::vector<In>>(from), max_(max) {}

  bool attempt(std::error_code& ec) {
    return this->attempt_by(
        [&](const pipe_end<Out, In>& from, std::vector<In>& values) {
          values = from.try_receive_batch(max_, ec);
          return !values.empty() || max_ == 0;
        },
        ec);
  }

 private:
  std::size_t max_;
};

/// In no line, since it takes nothing.
class pipe_poll_step : public pipe_step {
 public:
  static constexpr bool together = false;
  using result = void;

  explicit pipe_poll_step(const pipe_core& pipe) : pipe_step(pipe, async_line::receives) {}

  [[nodiscard]] static bool others_wait() noexcept { return false; }
  bool attempt(std::error_code& ec) {
    pipe_core pipe;
    if (ec = obstacle(pipe); ec) return true;
    if (ec = obstacle_to_wait(pipe); ec) return true;
    return pipe.poll(patience::none()) != errc::full;
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec);
  }
};

template <class Out, class In>
struct async_of<pipe_end<Out, In>> {
  using end_type = pipe_end<Out, In>;

  template <class Token>
  static decltype(auto) send(const end_type& end, Out&& value, Token&& token) {
    return async_run(pipe_send_step<Out, In>(end, std::move(value)), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) send_batch(const end_type& end, std::vector<Out>&& values, Token&& token) {
    return async_run(pipe_send_batch_step<Out, In>(end, std::move(values)),
                     std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) receive(const end_type& end, Token&& token) {
    return async_run(pipe_receive_step<Out, In>(end), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) receive_batch(const end_type& end, std::size_t max, Token&& token) {
    return async_run(pipe_receive_batch_step<Out, In>(end, max), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) poll(const end_type& end, Token&& token) {
    return async_run(pipe_poll_step(end.core()), std::forward<Token>(token));
  }
};

}  // namespace bulkhead::detail
