#pragma once

#include <bulkhead/bulkhead.hpp>
#include <map>
#include <string>
#include <vector>

namespace syscalls {

/// One run of an operation of a process that is going to be killed, and what must be true after.
class scene {
 public:
  virtual ~scene() = default;
  [[nodiscard]] virtual bulkhead::process start(bulkhead::runtime& rt) = 0;
  /// What the process waits for.
  virtual void unblock() = 0;
  /// After its death and recovery. @returns what is wrong, or an empty string.
  virtual std::string check() = 0;
};

struct scenario {
  const char* name;
  std::unique_ptr<scene> (*make)(bulkhead::runtime& rt);
};

const std::vector<scenario>& all_scenarios();

}  // namespace syscalls
