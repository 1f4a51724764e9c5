#pragma once

#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What travels between the connections and the processes behind them.
namespace memcached_server {

constexpr std::size_t key_max = 250;
constexpr std::size_t line_max = 8192;
constexpr std::size_t data_max = 100 << 10;
// What an actor asks of one in another process goes in one piece: at most 128 KiB.
constexpr std::size_t unread_max = 120 << 10;

enum class verb : std::uint8_t { get, set, remove, version, quit };

struct command {
  verb what = verb::get;
  std::vector<std::string> keys;
  std::uint32_t flags = 0;
  std::int64_t expires = 0;
  std::string data;
  bool is_quiet = false;  ///< noreply
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, command& x) {
  return f(x.what, x.keys, x.flags, x.expires, x.data, x.is_quiet);
}

struct parsed {
  std::vector<command> commands = {};
  std::uint64_t used = 0;      ///< So many bytes are done with.
  std::uint64_t wanted = 0;    ///< So many, with those that are left, make the next command; 0: who
                               ///< knows.
  std::string complaint = {};  ///< Comes after the answers to the commands.
  bool ends = false;           ///< What follows makes no sense: hang up.
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, parsed& x) {
  return f(x.commands, x.used, x.wanted, x.complaint, x.ends);
}

/// Bytes of a connection into commands.
using parser = caf::typed_actor<caf::replies_to<std::string>::with<parsed>>;
/// A command into the text of its answer.
using store = caf::typed_actor<caf::replies_to<command>::with<std::string>>;

}  // namespace memcached_server
