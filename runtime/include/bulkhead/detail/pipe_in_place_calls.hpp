#pragma once

#include <bulkhead/pipe_loan.hpp>
#include <chrono>
#include <concepts>
#include <system_error>

namespace bulkhead::detail {

/// The calls of `pipe_end` for messages that are filled and read where they lie.
template <class End, class Out, class In>
class pipe_in_place_calls {
 public:
  /// Lends room for the next message, to be filled in place and sent by `send(loan)`. For messages
  /// whose bytes are their own: `n` is not used, or the elements of a string or vector of such.
  /// @limits other sends of this end wait until the loan is sent or dropped.
  /// It has no `async_` form, whose handler may run on another thread than the one that borrowed,
  /// or when the end is gone: use try_loan and, where there is no room, async_send with a value.
  /// @errors too_large: so many elements never fit. full: this thread holds a loan already.
  [[nodiscard]] [[gnu::always_inline]] pipe_loan<Out> loan(std::size_t n = 1) const {
    if (auto room = pipe_loan<Out>::at_once(core())) [[likely]]
      return room;
    return loan_slowly(n);
  }
  [[nodiscard]] pipe_loan<Out> loan(std::size_t n, std::error_code& ec) const {
    ec.clear();
    return pipe_loan<Out>::from(core(), n, patience::forever(), ec);
  }
  /// @returns an empty loan when there is no room now, or another loan is not back.
  [[nodiscard]] pipe_loan<Out> try_loan(std::size_t n = 1) const {
    return lent_or_not<pipe_loan<Out>>("borrowing from", [&](auto& ec) {
      return pipe_loan<Out>::from(core(), n, patience::none(), ec);
    });
  }
  [[nodiscard]] pipe_loan<Out> try_loan(std::size_t n, std::error_code& ec) const {
    return unless_nothing(pipe_loan<Out>::from(core(), n, patience::none(), ec), ec);
  }
  template <class Rep, class Period>
  [[nodiscard]] pipe_loan<Out> loan_for(std::size_t n,
                                        std::chrono::duration<Rep, Period> time) const {
    return lent_or_not<pipe_loan<Out>>("borrowing from", [&](auto& ec) {
      return pipe_loan<Out>::from(core(), n, patience::lasting(time), ec);
    });
  }
  template <class Rep, class Period>
  [[nodiscard]] pipe_loan<Out> loan_for(std::size_t n, std::chrono::duration<Rep, Period> time,
                                        std::error_code& ec) const {
    return unless_nothing(pipe_loan<Out>::from(core(), n, patience::lasting(time), ec), ec);
  }
  template <std::same_as<pipe_loan<Out>> Loan>
  [[gnu::always_inline]] void send(Loan&& filled) const {
    const fast done = filled.publish_at_once(core());
    if (done != fast::done) [[unlikely]]
      core().check(filled.publish_rest(done, core()), "sending to");
  }
  template <std::same_as<pipe_loan<Out>> Loan>
  void send(Loan&& filled, std::error_code& ec) const {
    const fast done = filled.publish_at_once(core());
    ec = filled.publish_rest(done, core());
  }
  /// Receives the next message where it lies; its place is free again when the result goes.
  /// For the same reasons as `loan` it has no `async_` form: use async_poll, then
  /// try_receive_in_place in its handler.
  /// @limits other receives of this end wait until then.
  [[nodiscard]] [[gnu::always_inline]] pipe_lent<In> receive_in_place() const {
    if (auto message = pipe_lent<In>::at_once(core(), true)) [[likely]]
      return message;
    return receive_in_place_slowly();
  }
  [[nodiscard]] pipe_lent<In> receive_in_place(std::error_code& ec) const {
    return pipe_lent<In>::from(core(), patience::forever(), ec);
  }
  /// @returns an empty message when none is there, or this thread holds one already.
  [[nodiscard]] pipe_lent<In> try_receive_in_place() const {
    return lent_or_not<pipe_lent<In>>("receiving from", [&](auto& ec) {
      return pipe_lent<In>::from(core(), patience::none(), ec);
    });
  }
  [[nodiscard]] pipe_lent<In> try_receive_in_place(std::error_code& ec) const {
    return unless_nothing(pipe_lent<In>::from(core(), patience::none(), ec), ec);
  }
  template <class Rep, class Period>
  [[nodiscard]] pipe_lent<In> receive_in_place_for(std::chrono::duration<Rep, Period> time,
                                                   std::error_code& ec) const {
    return unless_nothing(pipe_lent<In>::from(core(), patience::lasting(time), ec), ec);
  }
  template <class Rep, class Period>
  [[nodiscard]] pipe_lent<In> receive_in_place_for(std::chrono::duration<Rep, Period> time) const {
    return lent_or_not<pipe_lent<In>>("receiving from", [&](auto& ec) {
      return pipe_lent<In>::from(core(), patience::lasting(time), ec);
    });
  }

 private:
  [[nodiscard]] [[gnu::noinline]] pipe_loan<Out> loan_slowly(std::size_t n) const {
    std::error_code ec;
    auto room = pipe_loan<Out>::from(core(), n, patience::forever(), ec);
    core().check(ec, "borrowing from");
    return room;
  }
  [[nodiscard]] [[gnu::noinline]] pipe_lent<In> receive_in_place_slowly() const {
    std::error_code ec;
    auto message = pipe_lent<In>::from(core(), patience::forever(), ec);
    core().check(ec, "receiving from");
    return message;
  }
  [[nodiscard]] const pipe_core& core() const noexcept {
    return static_cast<const End&>(*this).core();
  }
  template <class Lent, class From>
  [[nodiscard]] Lent lent_or_not(const char* doing, From from) const {
    std::error_code ec;
    Lent lent = unless_nothing(from(ec), ec);
    core().check(ec, doing);
    return lent;
  }
  template <class Lent>
  [[nodiscard]] static Lent unless_nothing(Lent lent, std::error_code& ec) {
    if (lent || is_nothing(ec)) ec.clear();
    return lent;
  }
};

}  // namespace bulkhead::detail
