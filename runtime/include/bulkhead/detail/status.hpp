#pragma once

#include <bulkhead/errc.hpp>

namespace bulkhead::detail {

/// How an inner call ended, in one register: a std::error_code costs a call to name its category,
/// on every message. 0: well; an errc; or minus an errno.
class status {
 public:
  constexpr status() noexcept = default;
  constexpr status(errc code) noexcept : value_(static_cast<int>(code)) {}
  static constexpr status of_system(int error_number) noexcept {
    status s;
    s.value_ = -error_number;
    return s;
  }
  /// @limits for codes of this library and of the system only; any other becomes corrupt.
  static status of(const std::error_code& code) noexcept {
    if (!code) return {};
    if (code.category() == category()) return static_cast<errc>(code.value());
    if (code.category() == std::system_category() || code.category() == std::generic_category()) {
      return of_system(code.value());
    }
    return errc::corrupt;
  }

  [[nodiscard]] constexpr bool failed() const noexcept { return value_ != 0; }
  [[nodiscard]] std::error_code code() const noexcept {
    if (value_ == 0 || value_ == dropped_value) return {};
    if (value_ < 0) return {-value_, std::system_category()};
    return make_error_code(static_cast<errc>(value_));
  }
  /// A message that a full queue's policy has dropped: a success without a place.
  static constexpr status dropped() noexcept {
    status s;
    s.value_ = dropped_value;
    return s;
  }
  friend constexpr bool operator==(status, status) = default;

 private:
  static constexpr int dropped_value = 1 << 30;
  int value_ = 0;
};

}  // namespace bulkhead::detail
