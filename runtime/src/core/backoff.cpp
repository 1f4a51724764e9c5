#include "core/backoff.hpp"

#include <cmath>

namespace bulkhead::core {

namespace {

std::int64_t without_jitter(const backoff_options& options, std::uint64_t failures) {
  // Infinity is what an overflow gives, and it is above any maximum.
  const double wanted = static_cast<double>(options.initial.count()) *
                        std::pow(options.factor, static_cast<double>(failures - 2));
  if (wanted >= static_cast<double>(options.max.count())) return options.max.count();
  return static_cast<std::int64_t>(wanted);
}

// Evenly distributed in [0, 1).
double unit(std::uint64_t random) { return static_cast<double>(random >> 11) * 0x1p-53; }

}  // namespace

bool is_without_delay(const backoff_options& options, std::uint64_t failures) noexcept {
  return failures < 2 || options.initial.count() == 0;
}

std::chrono::nanoseconds backoff_delay(const backoff_options& options, std::uint64_t failures,
                                       const random_source& random) {
  if (is_without_delay(options, failures)) return std::chrono::nanoseconds{0};
  const std::int64_t whole = without_jitter(options, failures);
  const double left_out = options.jitter * unit(random()) * static_cast<double>(whole);
  return std::chrono::nanoseconds{whole - static_cast<std::int64_t>(left_out)};
}

}  // namespace bulkhead::core
