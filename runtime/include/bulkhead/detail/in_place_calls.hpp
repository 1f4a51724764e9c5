#pragma once

#include <bulkhead/detail/stage_calls.hpp>
#include <bulkhead/lent_delivery.hpp>
#include <bulkhead/queue_loan.hpp>
#include <chrono>
#include <concepts>
#include <system_error>

namespace bulkhead::detail {

/// The calls of `queue<T>` for messages that are filled and read where they lie.
template <class T>
class in_place_calls : public stage_calls<T> {
 public:
  /// Lends room for a message, to be filled in place and sent by `send(loan)` without a copy. For
  /// messages whose bytes are their own: `n` is not used, or the elements of a string or vector of
  /// such. Waits while `payload_bytes` has no room, or does as the overflow policy says.
  /// @errors too_large: so many elements and 16 bytes exceed `payload_bytes`.
  [[nodiscard]] queue_loan<T> loan(std::size_t n = 1) const {
    status result;
    auto lent = queue_loan<T>::from(core_, inline_bytes, n, patience::forever(), result);
    core_.check(result, "borrowing from");
    return lent;
  }
  [[nodiscard]] queue_loan<T> loan(std::size_t n, std::error_code& ec) const {
    status result;
    auto lent = queue_loan<T>::from(core_, inline_bytes, n, patience::forever(), result);
    ec = result.code();
    return lent;
  }
  /// @returns an empty loan when there is no room now.
  [[nodiscard]] queue_loan<T> try_loan(std::size_t n = 1) const {
    return room_or_not(n, patience::none());
  }
  [[nodiscard]] queue_loan<T> try_loan(std::size_t n, std::error_code& ec) const {
    return room_or_not(n, patience::none(), ec);
  }
  template <class Rep, class Period>
  [[nodiscard]] queue_loan<T> loan_for(std::size_t n,
                                       std::chrono::duration<Rep, Period> time) const {
    return room_or_not(n, patience::lasting(time));
  }
  template <class Rep, class Period>
  [[nodiscard]] queue_loan<T> loan_for(std::size_t n, std::chrono::duration<Rep, Period> time,
                                       std::error_code& ec) const {
    return room_or_not(n, patience::lasting(time), ec);
  }
  /// Sends a filled loan as `send` does a value. It is empty then; one that could not be sent stays
  /// as it is, but for a queue that is closed.
  /// @errors unsupported: another queue lent it. already_settled: it was sent before.
  template <std::same_as<queue_loan<T>> Loan>
  void send(Loan&& filled) const {
    core_.check(filled.send(core_, patience::forever()), "sending to");
  }
  template <std::same_as<queue_loan<T>> Loan>
  void send(Loan&& filled, std::error_code& ec) const {
    ec = filled.send(core_, patience::forever()).code();
  }
  template <std::same_as<queue_loan<T>> Loan>
  bool try_send(Loan&& filled) const {
    return sent_or_not(filled.send(core_, patience::none()));
  }
  template <std::same_as<queue_loan<T>> Loan>
  bool try_send(Loan&& filled, std::error_code& ec) const {
    return done_or_not(filled.send(core_, patience::none()), ec);
  }
  template <std::same_as<queue_loan<T>> Loan, class Rep, class Period>
  bool send_for(Loan&& filled, std::chrono::duration<Rep, Period> time) const {
    return sent_or_not(filled.send(core_, patience::lasting(time)));
  }
  template <std::same_as<queue_loan<T>> Loan, class Rep, class Period>
  bool send_for(Loan&& filled, std::chrono::duration<Rep, Period> time, std::error_code& ec) const {
    return done_or_not(filled.send(core_, patience::lasting(time)), ec);
  }

  /// Takes a message as `take` does, to be read where it lies, without a copy. For messages whose
  /// bytes are their own, and strings and vectors of such.
  /// @errors unsupported: leases of this queue have an end (queue_options::lease), after which its
  /// sender may write there; take a copy.
  lent_delivery<T> take_in_place() const {
    status result;
    auto d = lent_delivery<T>::from(core_, patience::forever(), result);
    core_.check(result, "taking from");
    return d;
  }
  lent_delivery<T> take_in_place(std::error_code& ec) const {
    status result;
    auto d = lent_delivery<T>::from(core_, patience::forever(), result);
    ec = result.code();
    return d;
  }
  /// @returns an empty delivery when no message waits.
  lent_delivery<T> try_take_in_place() const { return lent_or_not(patience::none()); }
  lent_delivery<T> try_take_in_place(std::error_code& ec) const {
    return lent_or_not(patience::none(), ec);
  }
  template <class Rep, class Period>
  lent_delivery<T> take_in_place_for(std::chrono::duration<Rep, Period> time) const {
    return lent_or_not(patience::lasting(time));
  }
  template <class Rep, class Period>
  lent_delivery<T> take_in_place_for(std::chrono::duration<Rep, Period> time,
                                     std::error_code& ec) const {
    return lent_or_not(patience::lasting(time), ec);
  }

 protected:
  using stage_calls<T>::stage_calls;
  friend bool operator==(const in_place_calls&, const in_place_calls&) = default;
  using stage_calls<T>::core_;
  using stage_calls<T>::done_or_not;
  using stage_calls<T>::inline_bytes;
  using stage_calls<T>::sent_or_not;

 private:
  queue_loan<T> room_or_not(std::size_t n, patience how_long) const {
    status result;
    auto lent = queue_loan<T>::from(core_, inline_bytes, n, how_long, result);
    if (!is_nothing(result)) core_.check(result, "borrowing from");
    return lent;
  }
  queue_loan<T> room_or_not(std::size_t n, patience how_long, std::error_code& ec) const {
    status result;
    auto lent = queue_loan<T>::from(core_, inline_bytes, n, how_long, result);
    ec = is_nothing(result) ? std::error_code() : result.code();
    return lent;
  }
  lent_delivery<T> lent_or_not(patience how_long) const {
    status result;
    auto d = lent_delivery<T>::from(core_, how_long, result);
    if (!is_nothing(result)) core_.check(result, "taking from");
    return d;
  }
  lent_delivery<T> lent_or_not(patience how_long, std::error_code& ec) const {
    status result;
    auto d = lent_delivery<T>::from(core_, how_long, result);
    ec = is_nothing(result) ? std::error_code() : result.code();
    return d;
  }
};

}  // namespace bulkhead::detail
