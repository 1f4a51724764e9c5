#include <array>

#include "os/keeper/depositor.hpp"
#include "os/segment.hpp"
#include "support/catch.hpp"

// The vault of what the next keeper needs.

namespace os = bulkhead::os;

TEST_CASE("what waits for room in the vault goes when it is withdrawn", "[os][unit]") {
  os::depositor vault;
  const os::unique_fd hosts_end = vault.open();
  const os::unique_fd file = os::make_segment("test", 4096);
  const std::array descriptors = {file.get(), file.get(), file.get()};
  std::uint64_t id = 0;
  while (!vault.is_blocked() && id < 1'000'000) vault.put(1, ++id, descriptors);
  REQUIRE(vault.is_blocked());
  vault.put(1, id + 1, descriptors);
  vault.withdraw(1, id);
  CHECK(vault.is_blocked());
  vault.withdraw(1, id + 1);
  CHECK_FALSE(vault.is_blocked());  // nothing keeps its descriptors, or the keeper awake
}
