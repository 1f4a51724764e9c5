#pragma once

#include "os/keeper_link.hpp"

namespace bulkhead::os {

/// What a program exits with whose keeper is gone for good: EX_SOFTWARE of sysexits.h.
inline constexpr int keeper_gone_code = 70;

/// A child whose keeper is gone: the kernel ends it about now, as it asked for when it began, and
/// nothing that it could still do or say is of use. Waits for that; where it does not come within
/// 2 s, exits with keeper_gone_code.
[[noreturn]] void end_with_keeper() noexcept;

/// No line follows a child's.
class no_next_line final : public line_source {
 public:
  [[noreturn]] channel next() override { end_with_keeper(); }
};

}  // namespace bulkhead::os
