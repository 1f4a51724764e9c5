#pragma once

#include <stdexcept>
#include <string>

namespace random_test {

/// What was not as the model says.
class failure final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Ends the run unless it holds. @limits `what` is a literal: no text is made of what holds.
inline void expect(bool holds, const char* what) {
  if (!holds) [[unlikely]]
    throw failure(what);
}

}  // namespace random_test
