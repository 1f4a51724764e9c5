#include <sys/prctl.h>
#include <bulkhead/actors/compat.hpp>
#include <string_view>

namespace bulkhead::actors::compat {

// It has nothing else to tell it by, but its name in all versions.
bool is_clock_thread() noexcept {
  static thread_local const bool is_one = [] {
    char name[16] = {};
    return ::prctl(PR_GET_NAME, name) == 0 && std::string_view(name) == "caf.clock";
  }();
  return is_one;
}

}  // namespace bulkhead::actors::compat
