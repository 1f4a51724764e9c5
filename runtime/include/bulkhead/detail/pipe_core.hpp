#pragma once

#include <bulkhead/detail/pipe_port.hpp>
#include <bulkhead/detail/queue_core.hpp>
#include <bulkhead/pipe_options.hpp>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace bulkhead::detail {

class pipe_state;  // runtime/src/pipe_state.hpp

/// A message place being filled. Holds the end's sending side until it is published or destroyed.
struct pipe_place {
  std::byte* bytes = nullptr;
  pipe_state* locked = nullptr;
  bool gated = false;  ///< By the gate, not the mutex.

  pipe_place() = default;
  pipe_place(const pipe_place&) = delete;
  pipe_place& operator=(const pipe_place&) = delete;
  ~pipe_place();
};

/// A message being read. Holds the end's receiving side until it is finished or destroyed; then it
/// is there still.
struct pipe_message {
  std::span<const std::byte> bytes;
  pipe_state* locked = nullptr;
  bool gated = false;  ///< By the gate, not the mutex.

  pipe_message() = default;
  pipe_message(const pipe_message&) = delete;
  pipe_message& operator=(const pipe_message&) = delete;
  ~pipe_message();
};

/// A direction as a message type has it.
struct pipe_traffic {
  std::uint64_t fingerprint = 0;
  std::size_t slot_bytes = 0;

  template <class T>
  static constexpr pipe_traffic of() noexcept {
    return {fingerprint_of<T>(), pipe_slot_of<T>};
  }
};

/// A pipe end without its message types: what `pipe_end` is made of.
/// @threads any, but moving and destroying it.
class pipe_core {
 public:
  pipe_core() = default;
  explicit pipe_core(std::shared_ptr<pipe_state> state) noexcept;
  pipe_core(pipe_core&& other) noexcept
      : ports_(std::exchange(other.ports_, &shut)), state_(std::move(other.state_)) {}
  pipe_core& operator=(pipe_core&& other) noexcept {
    ports_ = std::exchange(other.ports_, &shut);
    state_ = std::move(other.state_);
    return *this;
  }
  pipe_core(const pipe_core&) = delete;
  pipe_core& operator=(const pipe_core&) = delete;
  ~pipe_core() = default;

  /// Makes a pipe. Throws bulkhead::error.
  static std::pair<pipe_core, pipe_core> make(runtime& rt, const pipe_options& options,
                                              const pipe_traffic& from_first,
                                              const pipe_traffic& from_second);
  /// The end that an argument of this process's function names, or a message that `source` has made
  /// ready. An empty one when there is none of these types.
  static pipe_core find(endpoint_source* source, std::uint64_t id, const pipe_traffic& out,
                        const pipe_traffic& in);

  /// The fast path; in an empty end it is shut.
  [[nodiscard]] pipe_ports& ports() const noexcept { return *ports_; }

  // Sending: reserve, fill, publish; or in pieces what is larger than `whole_bytes_max`.
  std::error_code reserve(std::size_t size, patience how_long, pipe_place& out) const;
  std::error_code publish(pipe_place& place) const;
  [[nodiscard]] std::size_t whole_bytes_max() const;
  /// @limits the message is `head`, perhaps empty, and then `body`, not empty.
  std::error_code send_pieces(std::span<const std::byte> head, std::span<const std::byte> body,
                              patience how_long) const;
  /// A message that names endpoints, which the keeper is told before it is published. Pipe ends in
  /// it are then gone from this process; where it fails they stay.
  /// @errors too_large: more than 4096 endpoints; full: a pipe end is in use; not_permitted: this
  /// end itself is in it, or one that is not this process's to send; what the keeper said.
  std::error_code send_naming(std::span<const std::byte> bytes,
                              const std::vector<std::uint64_t>& names, patience how_long) const;
  /// The fast path's: a message is published, and the peer wants attention.
  std::error_code after_send() const;
  std::error_code lend_place(std::size_t size, patience how_long, std::byte*& out) const;
  std::error_code return_place(bool send) const;
  /// Wakes threads of this process that waited for a loan's return.
  void wake_own_senders() const;
  void wake_own_receivers() const;

  // Receiving: take, read, finish.
  /// @limits tell_restart false: a restart of the peer is left to another call, and nothing is
  /// there.
  std::error_code take(patience how_long, pipe_message& out, bool tell_restart = true) const;
  void finish(pipe_message& message) const;
  std::error_code poll(patience how_long) const;
  /// The fast path's: a place is free, and the peer wants attention.
  void after_receive() const;
  std::error_code lend_message(patience how_long, std::span<const std::byte>& out) const;
  void return_message() const;
  /// Marks the pipe as corrupt for both, since its bytes are no message of the agreed type.
  std::error_code report_corrupt() const;

  std::error_code close() const;
  /// @errors not_initialised: an empty end, or one in a forked copy.
  [[nodiscard]] std::error_code usable() const;
  [[nodiscard]] bool closed() const;
  [[nodiscard]] pipe_peer peer() const;
  /// How often this end was taken up by a next incarnation of its process.
  [[nodiscard]] std::uint32_t restarts() const noexcept;
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] std::uint64_t id() const;

  /// Throws `code` as a bulkhead::error that says what was being done to which pipe, with the
  /// peer's exit status where it crashed; unless it is no error.
  void check(std::error_code code, const char* doing) const;
  /// False when it is empty, or was sent away in a message.
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr && is_here(); }

  [[nodiscard]] const std::shared_ptr<pipe_state>& state() const noexcept { return state_; }

 private:
  [[nodiscard]] bool is_here() const noexcept;

  // Nobody is the owner of its gates, so nobody ever writes to it.
  static inline constinit pipe_ports shut{};

  pipe_ports* ports_ = &shut;
  std::shared_ptr<pipe_state> state_;
};

}  // namespace bulkhead::detail
