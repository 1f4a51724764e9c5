#pragma once

#include <bulkhead/message.hpp>
#include <cstddef>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "os/control.hpp"
#include "os/encode_all.hpp"
#include "os/futex.hpp"
#include "os/unique_fd.hpp"

namespace bulkhead::os {

inline constexpr std::size_t descriptors_max = 253;       ///< A datagram: SCM_MAX_FD.
inline constexpr std::size_t body_bytes_max = 64u << 20;  ///< A body in a memfd.

/// A received datagram: docs/control-protocol.md.
struct datagram {
  control::header head;
  std::vector<std::byte> body;
  std::vector<unique_fd> descriptors;
  bool lost_descriptors = false;  ///< Some came, and this process had none free.

  /// Reads the body as a Body. @returns false when these are not the bytes of one.
  template <class Body>
  [[nodiscard]] bool read(Body& out) const {
    return detail::decode_all(std::span<const std::byte>(body), out);
  }
};

enum class receive_result : std::uint8_t {
  received,
  nothing,  ///< Nothing there (yet).
  ended,    ///< The other side is gone.
  garbage,  ///< Truncated, or no datagram of ours: close the channel. Only where the datagram says
            ///< `lost_descriptors` is the rest of it there.
};

/// Whether a send failed because this user has too many descriptors under way.
[[nodiscard]] bool has_too_many_under_way(const std::error_code& failed) noexcept;

/// One end of a pair of SOCK_SEQPACKET sockets. Not thread-safe.
class channel {
 public:
  channel() noexcept = default;
  explicit channel(unique_fd socket) noexcept : socket_(std::move(socket)) {}

  /// @errors std::system_error.
  [[nodiscard]] static std::pair<channel, channel> make_pair();

  [[nodiscard]] int fd() const noexcept { return socket_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(socket_); }
  /// Another descriptor of this end, to watch it. @errors std::system_error.
  [[nodiscard]] unique_fd duplicate() const { return socket_.duplicate(); }
  [[nodiscard]] unique_fd take() noexcept { return std::move(socket_); }
  void close() noexcept { socket_.reset(); }
  /// Ends the conversation also where forked copies hold the descriptor.
  void shut_down() noexcept;

  /// Sends a datagram at once or not at all.
  /// @limits descriptors <= descriptors_max - 1, body <= body_bytes_max.
  /// @returns EAGAIN when the other side does not read, what has_too_many_under_way() when there
  /// are more than the hard limit of descriptors, EPIPE or ECONNRESET when the other side is gone.
  template <class Body>
  std::error_code send(control::kind kind, const Body& body, std::span<const int> descriptors = {},
                       std::int32_t error = 0) {
    return send_bytes({kind, 0, error}, encode_all(body), descriptors);
  }
  std::error_code send_bytes(control::header head, std::span<const std::byte> body,
                             std::span<const int> descriptors);

  /// Takes the next datagram if one is there. Never waits.
  /// @limits a body in a memfd of more than `body_max` bytes is garbage.
  receive_result receive(datagram& out, std::size_t body_max = body_bytes_max) {
    return receive_as(out, body_max, 0);
  }
  /// The same for the next one after those that were looked at, and leaves it there.
  /// @limits SO_PEEK_OFF is set.
  receive_result look(datagram& out);
  /// Waits for one, until the deadline: then `nothing`.
  receive_result receive_until(datagram& out, deadline until = {});

 private:
  receive_result receive_as(datagram& out, std::size_t body_max, int flags);

  unique_fd socket_;
};

}  // namespace bulkhead::os
