#pragma once

#include <bulkhead/detail/async_initiate.hpp>
#include <bulkhead/process.hpp>

// The step of a process's asynchronous wait.
namespace bulkhead::detail {

class process_step {
 public:
  static constexpr bool together = false;
  using result = exit_status;

  explicit process_step(const process& child) : child_(child.state()) {}

  [[nodiscard]] async_home home() const;
  [[nodiscard]] static bool others_wait() noexcept { return false; }
  [[nodiscard]] std::vector<async_source> sources() const;
  [[nodiscard]] static auto look_again() { return look_for_runtime(); }
  bool attempt(std::error_code& ec);
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, std::move(status_));
  }

 private:
  std::shared_ptr<process_state> child_;
  exit_status status_;
};

template <>
struct async_of<process> {
  template <class Token>
  static decltype(auto) wait(const process& child, Token&& token) {
    return async_run(process_step(child), std::forward<Token>(token));
  }
};

}  // namespace bulkhead::detail
