#pragma once

#include "stepper/scenario.hpp"

// What scenarios share.
namespace stepper {

inline constexpr std::uint64_t subject = 1001;   ///< The message that an operation takes.
inline constexpr std::uint64_t result = 20'001;  ///< What it sends, and the ones after it.

/// Each says what is wrong, or an empty string.
std::string expect_between(const deliveries& got, std::uint64_t value, std::size_t least,
                           std::size_t most);
std::string expect_marked(const deliveries& got, std::uint64_t value, std::uint32_t delivery);
/// The subject is there or its results are.
std::string judge_forward(const deliveries& got, std::size_t results, bool complete);

/// The source's three messages wait.
void set_up_waiting(stage& s);

}  // namespace stepper
