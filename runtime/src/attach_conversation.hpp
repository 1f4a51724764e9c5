#pragma once

#include <filesystem>
#include <string>

#include "os/channel.hpp"

namespace bulkhead::detail {

/// How long the publisher's side may take at each step of an `attach`.
inline constexpr auto attach_patience = std::chrono::seconds(10);

/// What this program asks a publisher for.
[[nodiscard]] os::control::attach attach_request(std::uint64_t fingerprint,
                                                 const std::string& type);

/// Says it over a new connection. @returns the answer.
/// @errors bulkhead::attach's.
[[nodiscard]] os::datagram attach_over(os::channel& line, const os::control::attach& wanted,
                                       const std::string& path);

}  // namespace bulkhead::detail
