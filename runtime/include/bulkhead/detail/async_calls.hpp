#pragma once

#include <concepts>
#include <cstddef>
#include <utility>
#include <vector>

// The asynchronous calls of the mailboxes. What they are made of, and Asio with it, comes with
// <bulkhead/async.hpp>, which <bulkhead/bulkhead.hpp> includes.
namespace bulkhead {
template <class T>
class queue_loan;
}

namespace bulkhead::detail {

/// How the operations of a type are begun.
template <class Thing>
struct async_of;

/// The asynchronous calls of `queue<T>`; <bulkhead/async.hpp> says what holds for all such calls.
/// @owns an operation holds a handle to the queue until it ends.
template <class Queue, class T>
class async_queue_calls {
 public:
  /// Hands a message over, as `send` does: signature void(error_code).
  /// @limits keeps the value until there is room for it.
  template <class Token>
  decltype(auto) async_send(T value, Token&& token) const {
    return async_of<Queue>::send(self(), std::move(value), std::forward<Token>(token));
  }
  /// Receives a message at most once: void(error_code, T).
  /// @crash a message whose handler does not come to run is lost, as any that was received.
  template <class Token>
  decltype(auto) async_receive(Token&& token) const {
    return async_of<Queue>::receive(self(), std::forward<Token>(token));
  }
  /// Takes a message at least once: void(error_code, delivery<T>).
  /// @crash a message whose handler does not come to run is delivered again.
  template <class Token>
  decltype(auto) async_take(Token&& token) const {
    return async_of<Queue>::take(self(), std::forward<Token>(token));
  }
  /// Sends the values one after the other, as there is room: void(error_code, std::size_t), with
  /// how many were sent, also where it ends with an error or is cancelled.
  /// @limits every 1024 messages, or 1 MiB of them, other handlers get their turn.
  template <class Token>
  decltype(auto) async_send_batch(std::vector<T> values, Token&& token) const {
    return async_of<Queue>::send_batch(self(), std::move(values), std::forward<Token>(token));
  }
  /// Takes what waits, up to `max` messages, and waits for the first one only: void(error_code,
  /// std::vector<delivery<T>>).
  template <class Token>
  decltype(auto) async_take_batch(std::size_t max, Token&& token) const {
    return async_of<Queue>::take_batch(self(), max, std::forward<Token>(token));
  }
  /// Lends room for a message, as `loan` does: void(error_code, queue_loan<T>).
  /// @limits stands in line with other such calls only: what it waits for may be the room of a loan
  /// that is to be sent yet.
  /// @owns the loan holds a handle of its own. @crash a loan whose handler does not come to run is
  /// dropped.
  template <class Token>
  decltype(auto) async_loan(std::size_t n, Token&& token) const {
    return async_of<Queue>::loan(self(), n, std::forward<Token>(token));
  }
  template <class Token>
  decltype(auto) async_loan(Token&& token) const {
    return async_loan(1, std::forward<Token>(token));
  }
  /// Sends a filled loan, as `send` does: void(error_code). Waits in line with others of its kind,
  /// and may overtake a value that an async_send waits with.
  /// @owns the loan from now on: where it is not sent, its room is free before the handler runs.
  /// Use try_send to keep it.
  template <std::same_as<queue_loan<T>> Loan, class Token>
  decltype(auto) async_send(Loan&& filled, Token&& token) const {
    return async_of<Queue>::send_loan(self(), std::move(filled), std::forward<Token>(token));
  }
  /// Takes a message to be read where it lies, as `take_in_place` does: void(error_code,
  /// lent_delivery<T>). In line with async_take and async_receive.
  /// @crash a message whose handler does not come to run is delivered again.
  template <class Token>
  decltype(auto) async_take_in_place(Token&& token) const {
    return async_of<Queue>::take_in_place(self(), std::forward<Token>(token));
  }
  /// Waits until every message is settled, as `join` does: void(error_code).
  template <class Token>
  decltype(auto) async_join(Token&& token) const {
    return async_of<Queue>::join(self(), std::forward<Token>(token));
  }

  friend bool operator==(const async_queue_calls&, const async_queue_calls&) noexcept {
    return true;
  }

 private:
  [[nodiscard]] const Queue& self() const noexcept { return static_cast<const Queue&>(*this); }
};

/// The asynchronous calls of `pipe_end<Out, In>`.
/// @owns an operation does not keep the end: it is done with operation_aborted when the end is
/// destroyed, with errc::closed when it is closed. Pass no end on while one is pending.
template <class End, class Out, class In>
class async_pipe_calls {
 public:
  /// Hands a message over, as `send` does: void(error_code).
  template <class Token>
  decltype(auto) async_send(Out value, Token&& token) const {
    return async_of<End>::send(self(), std::move(value), std::forward<Token>(token));
  }
  /// Receives the next message: void(error_code, In).
  template <class Token>
  decltype(auto) async_receive(Token&& token) const {
    return async_of<End>::receive(self(), std::forward<Token>(token));
  }
  /// Sends the messages one after the other, as there is room: void(error_code, std::size_t), with
  /// how many were sent, also where it ends with an error or is cancelled.
  template <class Token>
  decltype(auto) async_send_batch(std::vector<Out> values, Token&& token) const {
    return async_of<End>::send_batch(self(), std::move(values), std::forward<Token>(token));
  }
  /// Receives what is there, up to `max` messages, and waits for the first one only:
  /// void(error_code, std::vector<In>).
  template <class Token>
  decltype(auto) async_receive_batch(std::size_t max, Token&& token) const {
    return async_of<End>::receive_batch(self(), max, std::forward<Token>(token));
  }
  /// Waits until a receive would return at once, with a message or an error: void(error_code).
  /// Takes nothing, so it stands in no line with those that receive.
  template <class Token>
  decltype(auto) async_poll(Token&& token) const {
    return async_of<End>::poll(self(), std::forward<Token>(token));
  }

 private:
  [[nodiscard]] const End& self() const noexcept { return static_cast<const End&>(*this); }
};

/// The asynchronous call of `process`.
template <class Process>
class async_process_calls {
 public:
  /// Waits as `join` does: void(error_code, exit_status). A stop request to this process does not
  /// end it: a parent sees its children off.
  template <class Token>
  decltype(auto) async_wait(Token&& token) const {
    return async_of<Process>::wait(static_cast<const Process&>(*this), std::forward<Token>(token));
  }
};

/// The asynchronous calls of `supervisor`. A stop request to this process ends none of them.
/// @owns an operation does not keep the supervisor, whose destructor ends it.
template <class Supervisor>
class async_supervisor_calls {
 public:
  /// Takes the oldest event that nobody has taken yet, or waits for one: void(error_code,
  /// supervision_event). Each event goes to one such call; handlers given to on_event get it as
  /// well.
  /// @limits `supervisor_options::events_max` events wait to be taken; missed_events() counts those
  /// that were dropped for want of room, the oldest first.
  /// @errors closed: the supervisor has ended, and all its events were taken.
  template <class Token>
  decltype(auto) async_next_event(Token&& token) const {
    return async_of<Supervisor>::next_event(self(), std::forward<Token>(token));
  }
  /// Waits as `join` does: void(error_code, end_reason).
  /// @errors runtime_gone: the runtime was destroyed before it.
  template <class Token>
  decltype(auto) async_wait(Token&& token) const {
    return async_of<Supervisor>::wait(self(), std::forward<Token>(token));
  }
  /// Asks it to shut down, at once also where the token waits to be started, and waits as
  /// async_wait does.
  template <class Token>
  decltype(auto) async_shutdown(Token&& token) {
    static_cast<Supervisor&>(*this).begin_shutdown();
    return async_wait(std::forward<Token>(token));
  }

 private:
  [[nodiscard]] const Supervisor& self() const noexcept {
    return static_cast<const Supervisor&>(*this);
  }
};

}  // namespace bulkhead::detail
