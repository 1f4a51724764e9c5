#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "os/channel.hpp"
#include "os/keeper/named_socket.hpp"
#include "os/peer_identity.hpp"

namespace bulkhead::os {

/// A queue that other programs may attach to, and where.
struct publication {
  named_socket socket;
  std::uint64_t queue = 0;
  std::uint32_t owner = 0;  ///< Serial of the process that published it.
  std::string path;         ///< For texts.
  std::string type;         ///< Of the messages, for texts.
  std::vector<std::uint32_t> allow;

  /// Whether a user may attach.
  [[nodiscard]] bool admits(uid_t user) const noexcept;
};

/// A connection to a published socket whose program has not said yet what it wants.
struct handshake {
  std::uint32_t publication = 0;
  peer_identity peer;
  channel line;
  std::chrono::steady_clock::time_point until;
};

/// What a tree has published, and who is at its doors. Nothing here waits for a peer: a connection
/// that says nothing is dropped after a while, and when too many are at it the others wait in the
/// sockets' backlogs.
class publications {
 public:
  using clock = std::chrono::steady_clock;

  static constexpr std::size_t publications_max = 4096;
  static constexpr std::size_t handshakes_max = 64;
  static constexpr std::chrono::seconds patience{5};

  std::uint32_t add(publication made);
  /// Puts one back that an earlier keeper had under that number.
  void restore(std::uint32_t number, publication made);
  /// Those that came or went since this was called last.
  [[nodiscard]] std::vector<std::uint32_t> take_changed() { return std::exchange(changed_, {}); }
  /// @returns nullptr when it is published no more.
  [[nodiscard]] publication* find(std::uint32_t number) noexcept;
  /// Takes the name away; connections that wait there end.
  void remove(std::uint32_t number) noexcept;
  void remove_all_of(std::uint32_t owner) noexcept;
  void clear() noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return published_.size(); }
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [number, one] : published_) visit(number, one);
  }

  /// The next connection of a user who may attach; others are told that they may not.
  /// @returns its number; nothing: there is none now.
  [[nodiscard]] std::optional<std::uint32_t> accept(std::uint32_t number);
  [[nodiscard]] handshake* pending(std::uint32_t number) noexcept;
  void drop(std::uint32_t number) noexcept { handshakes_.erase(number); }
  /// Drops those that were silent for too long. @returns whether there were any.
  bool drop_silent(clock::time_point now) noexcept;
  [[nodiscard]] std::optional<clock::time_point> next_deadline() const noexcept;
  [[nodiscard]] bool full() const noexcept { return handshakes_.size() >= handshakes_max; }

 private:
  std::uint32_t last_number_ = 0;
  std::vector<std::uint32_t> changed_;
  std::map<std::uint32_t, publication> published_;
  std::map<std::uint32_t, handshake> handshakes_;  // by number, and so by deadline
};

}  // namespace bulkhead::os
