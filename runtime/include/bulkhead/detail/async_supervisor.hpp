#pragma once

#include <bulkhead/detail/async_initiate.hpp>
#include <bulkhead/supervisor.hpp>

// The steps of a supervisor's asynchronous calls.
namespace bulkhead::detail {

class next_event_step {
 public:
  static constexpr bool together = true;
  using result = supervision_event;

  explicit next_event_step(const supervisor& of) : stream_(of.events()) {}

  [[nodiscard]] async_home home() const { return home_of(*stream_); }
  [[nodiscard]] bool others_wait() const { return detail::others_wait(source()); }
  [[nodiscard]] std::vector<async_source> sources() const { return {source()}; }
  [[nodiscard]] static auto look_again() { return look_for_runtime(); }
  bool attempt(std::error_code& ec);
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, std::move(event_));
  }

 private:
  [[nodiscard]] async_source source() const {
    async_source next;
    next.events = stream_;
    return next;
  }

  std::shared_ptr<event_stream> stream_;
  supervision_event event_;
};

class supervisor_end_step {
 public:
  static constexpr bool together = false;
  using result = end_reason;

  explicit supervisor_end_step(const supervisor& of) : stream_(of.events()) {}

  [[nodiscard]] async_home home() const { return home_of(*stream_); }
  [[nodiscard]] static bool others_wait() noexcept { return false; }
  [[nodiscard]] std::vector<async_source> sources() const;
  [[nodiscard]] static auto look_again() { return look_for_runtime(); }
  bool attempt(std::error_code& ec);
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, std::move(reason_));
  }

 private:
  std::shared_ptr<event_stream> stream_;
  end_reason reason_;
};

template <>
struct async_of<supervisor> {
  template <class Token>
  static decltype(auto) next_event(const supervisor& of, Token&& token) {
    return async_run(next_event_step(of), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) wait(const supervisor& of, Token&& token) {
    return async_run(supervisor_end_step(of), std::forward<Token>(token));
  }
};

}  // namespace bulkhead::detail
