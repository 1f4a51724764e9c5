#pragma once

#include <chrono>

namespace bulkhead::detail {

/// What is left of a time that several waits share.
class time_left {
 public:
  // As floating point, so that a time beyond the clock's end stays one.
  using seconds = std::chrono::duration<double>;

  explicit time_left(seconds in_all) : in_all_(in_all), since_(std::chrono::steady_clock::now()) {}
  /// Below zero when it is over.
  [[nodiscard]] seconds operator()() const {
    return in_all_ - (std::chrono::steady_clock::now() - since_);
  }

 private:
  seconds in_all_;
  std::chrono::steady_clock::time_point since_;
};

}  // namespace bulkhead::detail
