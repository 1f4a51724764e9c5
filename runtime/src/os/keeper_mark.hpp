#pragma once

namespace bulkhead::os {

/// The environment variable, with its '=', that tells a copy of the program to become the keeper;
/// its value is the number of the control socket.
inline constexpr char keeper_mark[] = "BULKHEAD_KEEPER=";

}  // namespace bulkhead::os
