#pragma once

#include <array>
#include <bulkhead/detail/queue_core.hpp>
#include <bulkhead/detail/results.hpp>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

// What the forms of a forward have in common: those of a delivery (forward_calls.hpp) and those of
// several (bulkhead/forward.hpp).
namespace bulkhead {

template <class T>
class queue;
template <class T>
class queue_sender;
template <class T>
class delivery;

namespace detail {

/// What results go to: a queue, or a handle that only sends to it.
template <class Out>
inline constexpr bool is_output = false;
template <class U>
inline constexpr bool is_output<queue<U>> = true;
template <class U>
inline constexpr bool is_output<queue_sender<U>> = true;

/// One forward of several messages, or of one.
template <class T>
class forwarding {
 public:
  explicit forwarding(std::span<delivery<T>> inputs) noexcept : inputs_(inputs) {}

  template <class... Targets>
  void wait(const Targets&... to) const {
    forward_fault fault;
    carry_out(patience::forever(), tell::by_exception, fault, to...);
  }
  template <class... Targets>
  void wait(std::error_code& ec, const Targets&... to) const {
    ec = attempt(patience::forever(), to...).code();
  }
  /// @returns false when there was no room in that time.
  template <class... Targets>
  bool within(patience how_long, const Targets&... to) const {
    forward_fault fault;
    return !carry_out(how_long, tell::by_exception, fault, to...).failed();
  }
  template <class... Targets>
  bool within(patience how_long, std::error_code& ec, const Targets&... to) const {
    const status sent = attempt(how_long, to...);
    ec = is_nothing(sent) ? std::error_code() : sent.code();
    return !sent.failed();
  }
  /// Once, without a wait.
  template <class... Targets>
  status at_once(forward_fault& fault, const Targets&... to) const {
    return carry_out(patience::none(), tell::by_result, fault, to...);
  }

 private:
  enum class tell : std::uint8_t { by_result, by_exception };
  using sources = std::array<forward_from, forward_inputs_max>;

  // Afterwards the deliveries are empty for which it is over: all that were forwarded, else those
  // whose leases were found to be over.
  class ending {
   public:
    ending(std::span<delivery<T>> inputs, status sent) noexcept : inputs_(inputs), sent_(sent) {}
    ending(const ending&) = delete;
    ending& operator=(const ending&) = delete;
    ~ending() {
      if (sent_.failed() && sent_ != errc::lease_lost) return;
      for (delivery<T>& d : inputs_) {
        if (!sent_.failed() || !held_message::is_held(*d.port_, d.message_)) {
          held_message::forget(*std::exchange(d.port_, nullptr));
        }
      }
    }

   private:
    std::span<delivery<T>> inputs_;
    status sent_;
  };

  template <class... Targets>
  status attempt(patience how_long, const Targets&... to) const {
    forward_fault fault;
    return carry_out(how_long, tell::by_result, fault, to...);
  }
  status find_inputs(sources& out) const noexcept {
    if (inputs_.size() > out.size()) return errc::unsupported;
    status found;
    for (std::size_t n = 0; n < inputs_.size(); ++n) {
      const delivery<T>& d = inputs_[n];
      if (!d) found = errc::already_settled;
      out[n] = {d ? d.port_->state : nullptr, &d.message_};
    }
    return found;
  }
  template <class... Targets>
  status carry_out(patience how_long, tell how, forward_fault& fault, const Targets&... to) const {
    sources all{};
    const std::array<forward_to, sizeof...(Targets)> outputs{to.get()...};
    status sent = find_inputs(all);
    const bool fit = inputs_.size() <= all.size();
    const std::span<const forward_from> from(all.data(), fit ? inputs_.size() : 0);
    if (!sent.failed()) sent = queue_core::forward(from, outputs, how_long, fault);
    const ending at_end(inputs_, sent);
    const bool is_answer = how_long.how != patience::kind::forever && is_nothing(sent);
    if (how == tell::by_exception && sent.failed() && !is_answer) {
      queue_core::fail_forward(from, outputs, sent, fault);
    }
    return sent;
  }

  std::span<delivery<T>> inputs_;
};

}  // namespace detail

/// Names an output of a forward and what goes there: a value, an optional or a range.
/// @owns nothing: both outlive the call that it is made for.
template <class Out, class Result>
requires detail::is_output<Out>
[[nodiscard]] auto to(const Out& out, const Result& result) {
  return detail::target(out.core(), detail::results_of<typename Out::value_type>(result));
}

}  // namespace bulkhead
