#pragma once

#include <string_view>

#include "protocol.hpp"

namespace memcached_server {

/// Reads as many commands as there are. Two bugs are left in on purpose: a key that is too long
/// brings the process down, and a number that is none throws what nobody catches.
parsed parse(std::string_view in);

/// Runs in a process of its own.
parser::behavior_type serve_parser(parser::pointer self);

/// Passes one request at a time on, so that it is plain who brought the parser behind it down.
parser::behavior_type one_at_a_time(parser::pointer self, const parser& behind);

}  // namespace memcached_server
