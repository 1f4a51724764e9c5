#pragma once

#include "protocol.hpp"

namespace memcached_server {

/// Runs in a process of its own, and begins empty: it is a cache, so that what its predecessor had
/// may be missing.
/// @limits keeps `bytes_max` bytes of keys and data; what was set first goes first.
store::behavior_type serve_store(store::pointer self, std::uint64_t bytes_max);

}  // namespace memcached_server
