#pragma once

#include <algorithm>
#include <bulkhead/detail/async_initiate.hpp>
#include <bulkhead/wait_any.hpp>
#include <tuple>

// The step of async_wait_any.
namespace bulkhead::detail {

/// One of the things that it waits for. A pipe end is not kept, as in all operations.
struct awaited {
  explicit awaited(const wait_source& source);

  queue_core queue;
  std::weak_ptr<pipe_state> pipe;
  std::shared_ptr<process_state> child;
  bool is_pipe = false;
  int descriptor = -1;
  async_operation::time_point at = async_operation::time_point::max();
  std::error_code bad;  ///< It was empty, or not open, from the beginning.
};

class wait_any_step {
 public:
  static constexpr bool together = false;
  using result = std::size_t;

  wait_any_step(patience how_long, std::span<const wait_source> sources);

  [[nodiscard]] async_home home() const;
  [[nodiscard]] static bool others_wait() noexcept { return false; }
  [[nodiscard]] std::vector<async_source> sources();
  [[nodiscard]] async_operation::time_point look_again() const {
    return has_child_ ? std::min(next_, look_for_runtime()) : next_;
  }
  bool attempt(std::error_code& ec);
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, found_);
  }

 private:
  std::vector<awaited> all_;
  async_operation::time_point until_;
  async_operation::time_point next_;  // the earliest moment among them
  bool has_child_ = false;
  std::shared_ptr<void> stop_;  // what rings when this process is to stop
  std::size_t found_ = npos;
};

template <class Rep, class Period, class Sources, std::size_t... Ns>
decltype(auto) async_wait_any(std::chrono::duration<Rep, Period> timeout, Sources all,
                              std::index_sequence<Ns...> /*all but the token*/) {
  constexpr std::size_t count = sizeof...(Ns);
  static_assert(count != 0, "async_wait_any needs something to wait for, then a token");
  const wait_source sources[] = {source_of(std::get<Ns>(all))...};
  const bool waits = timeout > std::chrono::duration<Rep, Period>::zero();
  return async_run(wait_any_step(waits ? patience::lasting(timeout) : patience::none(), sources),
                   std::get<count>(std::move(all)));
}

}  // namespace bulkhead::detail
