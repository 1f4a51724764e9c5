#pragma once

namespace bulkhead::os {

/// The environment variable, with its '=', that tells a copy of the program to become the keeper;
/// its value is the numbers of the descriptors that it inherits, with commas between them: the
/// control socket, the host's pidfd and, of a keeper that was killed, its ledger and vault. They
/// are not sent, since the kernel counts what an ordinary user has under way, the vault's included,
/// against the sender's limit.
inline constexpr char keeper_mark[] = "BULKHEAD_KEEPER=";

}  // namespace bulkhead::os
