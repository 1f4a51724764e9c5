#pragma once

#include <bulkhead/detail/decoder.hpp>
#include <bulkhead/detail/encoder.hpp>
#include <bulkhead/detail/queue_port.hpp>
#include <bulkhead/detail/status.hpp>
#include <bulkhead/detail/time_after.hpp>
#include <bulkhead/in_flight.hpp>
#include <bulkhead/message_id.hpp>
#include <bulkhead/queue_options.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace bulkhead {
class runtime;
}

namespace bulkhead::detail {

/// How long a call may wait. The clock is asked only when it does.
struct patience {
  enum class kind : std::uint8_t { none, some, forever };
  kind how = kind::forever;
  std::chrono::nanoseconds time{};

  /// Of a waiting form: a stop request ends it before it takes anything.
  [[nodiscard]] constexpr bool may_wait() const noexcept { return how != kind::none; }

  static constexpr patience none() noexcept { return {kind::none, {}}; }
  static constexpr patience forever() noexcept { return {kind::forever, {}}; }
  template <class Rep, class Period>
  static constexpr patience lasting(std::chrono::duration<Rep, Period> time) {
    if (is_for_ever(time)) return forever();
    return {kind::some, std::chrono::ceil<std::chrono::nanoseconds>(time)};
  }
};

/// No room, no message, or not in that time: what a try_ or _for form answers, and no failure of
/// it.
template <class Code>
[[nodiscard]] bool is_nothing(const Code& result) noexcept {
  return result == errc::full || result == errc::timed_out;
}

/// A message place being filled. Holds the process's lane lock until it is published or destroyed.
struct open_place {
  std::byte* bytes = nullptr;
  std::size_t size = 0;
  std::uint64_t position = 0;
  std::uint64_t block = 0;
  queue_state* locked = nullptr;

  open_place() = default;
  open_place(const open_place&) = delete;
  open_place& operator=(const open_place&) = delete;
  ~open_place();
};

/// Where a forward puts its results, one after the other.
class result_sink {
 public:
  /// @returns room for the next result, or nullptr when there is none yet or never: stop and
  /// return.
  virtual std::byte* next(std::size_t size) = 0;
  /// Says which endpoints the result holds that was written last.
  virtual void carries(std::vector<std::uint64_t> endpoints) = 0;

 protected:
  ~result_sink() = default;
};

/// The results of a forward, written when there is room for all; perhaps several times.
class result_source {
 public:
  [[nodiscard]] virtual std::size_t count() const = 0;
  virtual void write(result_sink& to) const = 0;

 protected:
  ~result_source() = default;
};

class queue_core;

inline constexpr std::size_t forward_inputs_max = 16;

/// An input of a forward: a message that this process holds.
struct forward_from {
  queue_state* queue = nullptr;
  const taken* message = nullptr;
};
/// An output of a forward.
struct forward_to {
  const queue_core* queue = nullptr;
  const result_source* results = nullptr;
};
/// What else is known of a forward that did nothing.
struct forward_fault {
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
  std::size_t output = nowhere;  ///< Which of the outputs it failed at.
  bool may_pass = false;         ///< It is full, and need not stay so.
};

/// A queue without its message type: what `queue<T>` and `delivery<T>` are made of. A shared
/// handle.
/// @threads any.
class queue_core {
 public:
  queue_core() = default;
  explicit queue_core(std::shared_ptr<queue_state> state) noexcept;
  /// Makes a queue. Throws bulkhead::error.
  queue_core(runtime& rt, const queue_options& options, std::size_t inline_bytes,
             std::uint64_t fingerprint);

  /// The way for the calls that need not wait.
  [[nodiscard]] queue_ports& ports() const noexcept { return *ports_; }

  // Sending, where the port does not do it: reserve, fill, publish. In a block the message begins
  // after `lead` bytes.
  status reserve(std::size_t size, patience how_long, open_place& out, std::size_t lead = 0) const;
  /// A block of `bytes` for a loan, which is the caller's until it is given back or sent.
  status lend_block(std::uint64_t bytes, patience how_long, payload_block& out,
                    std::byte*& at) const;
  void give_back(const payload_block& block) const noexcept;
  /// Reserves a place for the message that lies in a block that was lent; then publish.
  status reserve_lent(const payload_block& block, std::size_t size, std::size_t lead,
                      patience how_long, open_place& out) const;
  status publish(open_place& place) const;
  /// Ends a send by the port that is to heed somebody, and leaves the gate.
  status heed_sent() const;
  // More places for the port. False: it got none.
  [[gnu::cold]] bool lend_places() const noexcept;
  /// Lets the record of forwards by the ports name this queue's lane; the caller is inside both
  /// gates. @returns false: the two belong to different trees, and no keeper recovers both.
  [[gnu::cold]] bool turn(queue_in_port& in) const noexcept;
  /// Ends a forward to this queue by the ports that is to heed somebody, and leaves the gates.
  /// @returns false: the queue was closed, and the message is still held.
  bool heed_forwarded(queue_in_port& in, const taken& message, port_forward ended) const;
  /// Tells the keeper which endpoints the message holds that is about to be published at
  /// `position`.
  status carry(std::uint64_t position, const std::vector<std::uint64_t>& endpoints) const;
  /// It was not published.
  void take_back(std::uint64_t position, const std::vector<std::uint64_t>& endpoints) const;
  [[nodiscard]] std::uint64_t sent() const;

  /// Receiving. What it takes counts as a delivery, until `held_message` settles it.
  status take(patience how_long, taken& out) const;
  /// @errors unsupported: leases have an end here, and what is read in place would change under
  /// the reader's eyes.
  [[nodiscard]] status can_read_in_place() const;
  /// The bytes of a taken message, until the next call or the message is settled.
  /// @errors corrupt: what the slot says is wrong. lease_lost: it is another's by now. Those of the
  /// system: its sender's payload cannot be mapped here.
  status bytes_of(const taken& message, std::span<const std::byte>& out) const;
  static status forward(std::span<const forward_from> inputs, std::span<const forward_to> outputs,
                        patience how_long, forward_fault& fault);
  /// Throws what a forward ended with, with the names of its input and of the output at fault.
  [[noreturn]] static void fail_forward(std::span<const forward_from> inputs,
                                        std::span<const forward_to> outputs, status why,
                                        const forward_fault& fault);
  /// Marks the queue as corrupt for everyone, since its bytes are no message of the agreed type.
  status report_corrupt() const;

  status join(patience how_long) const;
  status close() const;
  /// @errors not_initialised: an empty handle, or one in a forked copy.
  [[nodiscard]] status usable() const noexcept;
  [[nodiscard]] bool closed() const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::vector<in_flight_message> in_flight() const;
  [[nodiscard]] overflow_counters counters() const;
  [[nodiscard]] std::uint32_t capacity() const;
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] std::uint64_t id() const;
  [[nodiscard]] queue_core dead_letters(std::uint64_t fingerprint) const;

  /// Throws `result` as a bulkhead::error that says what was being done to which queue, unless it
  /// is no error.
  void check(status result, const char* doing) const {
    if (result.failed()) [[unlikely]]
      fail(result, doing);
  }
  [[noreturn]] void fail(status why, const char* doing) const;
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }
  friend bool operator==(const queue_core&, const queue_core&) = default;

  /// The queue with that id, which `source` has made ready. An empty one when there is none of that
  /// type.
  static queue_core find(endpoint_source* source, std::uint64_t id, std::uint64_t fingerprint);

  [[nodiscard]] const std::shared_ptr<queue_state>& state() const noexcept { return state_; }

 private:
  static queue_ports shut;  // of empty handles

  queue_ports* ports_ = &shut;
  std::shared_ptr<queue_state> state_;
};

/// What a delivery does with its message. `port` is its queue's; the queue may be gone afterwards.
namespace held_message {
// @errors lease_lost: it is another's by now, and nothing was done.
status acknowledge_slowly(queue_in_port& port, const taken& message) noexcept;
/// Ends an acknowledge by the port that is to heed somebody, and leaves the gate.
void heed_freed(queue_in_port& port, const taken& message) noexcept;
status release(queue_in_port& port, const taken& message) noexcept;
status delay(queue_in_port& port, const taken& message, std::chrono::milliseconds time);
status reject(queue_in_port& port, const taken& message, std::string_view why);
status extend(queue_in_port& port, const taken& message, std::chrono::milliseconds time);
/// False when its lease is over.
[[nodiscard]] bool is_held(const queue_in_port& port, const taken& message) noexcept;
/// It was forwarded.
void forget(queue_in_port& port) noexcept;
[[nodiscard]] message_id id(const taken& message) noexcept;
[[nodiscard]] std::uint32_t attempt(const taken& message) noexcept;
[[noreturn]] void fail(const queue_in_port& port, status why, const char* doing);

[[gnu::always_inline]] inline status acknowledge(queue_in_port& port,
                                                 const taken& message) noexcept {
  if (!port.gate.enter()) [[unlikely]]
    return acknowledge_slowly(port, message);
  if (port.free(message)) [[unlikely]] {
    heed_freed(port, message);
  } else {
    port.gate.leave();
  }
  return {};
}
}  // namespace held_message

}  // namespace bulkhead::detail
