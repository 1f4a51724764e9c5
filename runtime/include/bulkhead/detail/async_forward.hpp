#pragma once

#include <array>
#include <bulkhead/detail/async_initiate.hpp>
#include <bulkhead/forward.hpp>
#include <concepts>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// The step of the asynchronous forwards.
namespace bulkhead::detail {

// What is the same for all of them. @errors stop_requested, not_initialised.
[[nodiscard]] std::vector<async_source> sources_of_room(std::span<const queue_core> outputs);
[[nodiscard]] async_operation::time_point look_again_at_any(std::span<const queue_core> outputs);

/// An output with what goes there, until the operation ends.
template <class Results>
struct kept_target {
  using value_type = typename Results::copy_type;
  value_type value;

  [[nodiscard]] auto at(const queue_core& out) const {
    return target(out, typename Results::template of_copy<value_type>(value));
  }
};

/// @limits the deliveries stay where they are until it ends.
template <class T, class... Kept>
class forward_async_step {
 public:
  static constexpr bool together = false;  // it waits for several queues
  using result = void;
  using output_list = std::array<queue_core, sizeof...(Kept)>;

  forward_async_step(std::span<delivery<T>> inputs, output_list outputs, Kept... kept)
      : inputs_(inputs), outputs_(std::move(outputs)), kept_(std::move(kept)...) {}

  [[nodiscard]] async_home home() const { return home_of(outputs_.front()); }
  [[nodiscard]] static bool others_wait() noexcept { return false; }
  [[nodiscard]] std::vector<async_source> sources() const { return sources_of_room(outputs_); }
  [[nodiscard]] auto look_again() const { return look_again_at_any(outputs_); }

  bool attempt(std::error_code& ec) {
    forward_fault fault;
    const status sent = try_once(fault, std::index_sequence_for<Kept...>());
    const bool waits = sent == errc::full && fault.may_pass;
    ec = waits ? obstacle_to_receive(outputs_.front()) : sent.code();
    return !waits || ec;
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec);
  }

 private:
  template <std::size_t... Ns>
  status try_once(forward_fault& fault, std::index_sequence<Ns...> /*all outputs*/) {
    return forwarding<T>(inputs_).at_once(fault, std::get<Ns>(kept_).at(outputs_[Ns])...);
  }

  std::span<delivery<T>> inputs_;
  output_list outputs_;
  std::tuple<Kept...> kept_;
};

template <class T>
struct async_of<delivery<T>> {
  template <class Out, class Result, class Token>
  static decltype(auto) forward(delivery<T>& d, const Out& out, Result&& result, Token&& token) {
    const auto results = results_of<typename Out::value_type>(result);
    using kept = kept_target<std::remove_const_t<decltype(results)>>;
    const auto own = [&]() -> kept {
      if constexpr (std::same_as<typename kept::value_type, Result>) {
        return {std::move(result)};
      } else {
        return {results.copy()};
      }
    };
    return async_run(forward_async_step<T, kept>(std::span(&d, 1), {out.core()}, own()),
                     std::forward<Token>(token));
  }
  /// All but the last of the arguments are targets.
  template <class... TargetsAndToken>
  static decltype(auto) forward_to(std::span<delivery<T>> inputs,
                                   TargetsAndToken&&... targets_and_token) {
    return keep(inputs, std::forward_as_tuple(std::forward<TargetsAndToken>(targets_and_token)...),
                std::make_index_sequence<sizeof...(TargetsAndToken) - 1>());
  }

 private:
  template <class Results>
  static auto kept_of(const target<Results>& to) {
    return kept_target<Results>{to.results().copy()};
  }
  template <class All, std::size_t... Ns>
  static decltype(auto) keep(std::span<delivery<T>> inputs, All all,
                             std::index_sequence<Ns...> /*all but the token*/) {
    static_assert(sizeof...(Ns) != 0,
                  "async_forward needs an output that to() names, then a token");
    using step = forward_async_step<T, decltype(kept_of(std::get<Ns>(all)))...>;
    return async_run(
        step(inputs, {*std::get<Ns>(all).get().queue...}, kept_of(std::get<Ns>(all))...),
        std::get<sizeof...(Ns)>(std::move(all)));
  }
};

}  // namespace bulkhead::detail
