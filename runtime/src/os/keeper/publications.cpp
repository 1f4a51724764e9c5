#include "os/keeper/publications.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bulkhead/errc.hpp>

namespace bulkhead::os {
namespace {

constexpr int strangers_a_turn = 64;

// What it may have sent already is read first: a socket that is closed with something unread drops
// what it had sent.
void turn_away(channel line, const publication& from, uid_t user) {
  datagram unread;
  static_cast<void>(line.receive(unread, 0));
  const control::failure why{"'" + from.path + "' does not admit user " + std::to_string(user)};
  static_cast<void>(
      line.send(control::kind::attach, why, {}, static_cast<std::int32_t>(errc::not_permitted)));
}

}  // namespace

bool publication::admits(uid_t user) const noexcept {
  if (allow.empty()) return user == ::geteuid() || user == 0;
  return std::find(allow.begin(), allow.end(), user) != allow.end();
}

std::uint32_t publications::add(publication made) {
  published_.emplace(++last_number_, std::move(made));
  changed_.push_back(last_number_);
  return last_number_;
}

void publications::restore(std::uint32_t number, publication made) {
  published_.emplace(number, std::move(made));
  last_number_ = std::max(last_number_, number);
}

publication* publications::find(std::uint32_t number) noexcept {
  const auto found = published_.find(number);
  return found == published_.end() ? nullptr : &found->second;
}

void publications::remove(std::uint32_t number) noexcept {
  if (published_.erase(number) != 0) changed_.push_back(number);
  for (auto at = handshakes_.begin(); at != handshakes_.end();) {
    at = at->second.publication == number ? handshakes_.erase(at) : std::next(at);
  }
}

void publications::remove_all_of(std::uint32_t owner) noexcept {
  for (auto at = published_.begin(); at != published_.end();) {
    const auto [number, is_its] = std::pair(at->first, at->second.owner == owner);
    ++at;
    if (is_its) remove(number);
  }
}

void publications::clear() noexcept {
  published_.clear();
  handshakes_.clear();
}

std::optional<std::uint32_t> publications::accept(std::uint32_t number) {
  publication* const from = find(number);
  for (int n = 0; from != nullptr && !full() && n < strangers_a_turn; ++n) {
    unique_fd socket(::accept4(from->socket.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) return std::nullopt;
    handshake h;
    h.publication = number;
    h.peer = identity_of_peer(socket.get());
    h.line = channel(std::move(socket));
    h.until = clock::now() + patience;
    if (from->admits(h.peer.uid)) {
      handshakes_.emplace(++last_number_, std::move(h));
      return last_number_;
    }
    turn_away(std::move(h.line), *from, h.peer.uid);
  }
  return std::nullopt;
}

handshake* publications::pending(std::uint32_t number) noexcept {
  const auto found = handshakes_.find(number);
  return found == handshakes_.end() ? nullptr : &found->second;
}

bool publications::drop_silent(clock::time_point now) noexcept {
  bool any = false;
  while (!handshakes_.empty() && handshakes_.begin()->second.until <= now) {
    handshakes_.erase(handshakes_.begin());
    any = true;
  }
  return any;
}

std::optional<publications::clock::time_point> publications::next_deadline() const noexcept {
  if (handshakes_.empty()) return std::nullopt;
  return handshakes_.begin()->second.until;
}

}  // namespace bulkhead::os
