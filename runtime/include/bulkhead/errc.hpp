#pragma once

#include <bulkhead/exit_status.hpp>
#include <cstdint>
#include <system_error>
#include <utility>

namespace bulkhead {

/// What a call of this library can report besides the system's own errors. Numbers are stable: they
/// cross processes. Behind each stands what the caller does about it.
enum class errc : std::int32_t {
  not_initialised = 1,  ///< `bulkhead::init` did not run in this program: call it first in main.
                        ///< Or an empty handle, or a forked copy of a process: use neither.
  closed =
      2,     ///< The mailbox is closed and has nothing more: end, it is the normal end of a stream.
  full = 3,  ///< No room and nobody would make any: settle leases first, or drop.
  timed_out = 4,       ///< Nothing happened in time: try again, or give up.
  stop_requested = 5,  ///< This process was asked to stop: finish and return.
  type_mismatch = 6,   ///< The two sides' message types differ: rebuild them from one definition.
  too_large = 7,  ///< The message never fits this mailbox: raise payload_bytes or send it in parts.
  corrupt = 8,  ///< Shared memory holds what no correct peer writes: stop using the mailbox, make a
                ///< new one.
  lease_lost =
      9,  ///< The delivery is no longer ours: drop the result, somebody else has the message.
  peer_crashed = 10,  ///< The other side ended abnormally; see the exit status.
  peer_restarted =
      11,  ///< A new incarnation of the other side follows: start the conversation again.
  owner_gone =
      12,  ///< The program that published the mailbox has ended: attach again when it is back.
  other_owner = 13,        ///< Somebody else publishes under this name.
  lock_owner_died = 14,    ///< What the lock guards may be half-done: repair it, then `recover`.
  broken_barrier = 15,     ///< A member died or gave up: nobody passes.
  stale_incarnation = 16,  ///< The incarnation that was asked for has ended.
  start_failed = 17,       ///< The process never reached its function; the text says why.
  gave_up = 18,            ///< The supervisor used up its restarts.
  too_many_participants = 19,  ///< All seats are taken by living processes: raise `participants`.
  not_permitted = 20,          ///< The peer, or this process, has not the right to do this.
  unsupported = 21,  ///< This machine or build cannot do this; the text says what is missing.
  already_settled =
      22,  ///< The delivery was acknowledged, released or forwarded before: a bug in the caller.
  runtime_gone = 23,  ///< The runtime that this handle belongs to was destroyed.
};

/// The category of `errc`; its messages are one sentence each.
[[nodiscard]] const std::error_category& category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc code) noexcept;

/// What the throwing forms throw: a `std::system_error` whose text names the mailbox or child, with
/// the exit status of the process concerned where there is one.
class error : public std::system_error {
 public:
  error(std::error_code code, const std::string& what) : std::system_error(code, what) {}
  error(std::error_code code, const std::string& what, exit_status status)
      : std::system_error(code, what), status_(std::move(status)) {}
  [[nodiscard]] const exit_status& status() const noexcept { return status_; }

 private:
  exit_status status_;
};

}  // namespace bulkhead

template <>
struct std::is_error_code_enum<bulkhead::errc> : std::true_type {};
