#include <array>

#include "os/keeper/depositor.hpp"
#include "os/segment.hpp"
#include "support/catch.hpp"

// The vault of what the next keeper needs.

namespace os = bulkhead::os;

TEST_CASE("the vault of an ordinary user has room for thousands of mailboxes", "[os][unit]") {
  constexpr int line_bytes = 212'992;  // net.core.wmem_max of most systems
  os::depositor vault;
  os::channel hosts_end(vault.open(line_bytes));
  const os::unique_fd file = os::make_segment("test", 4096);
  const std::array descriptors = {file.get(), file.get(), file.get()};
  std::uint64_t first = 1;
  std::uint64_t last = 0;
  const auto look = [&] {
    const auto tell_all = [&](const os::depositor::visitor& visit) {
      for (std::uint64_t id = first; id <= last; ++id) visit(1, id, descriptors);
    };
    if (vault.is_untidy()) REQUIRE(vault.tidy(tell_all));
    REQUIRE_FALSE(vault.is_blocked());
  };
  while (last < 4000) {
    vault.put(1, ++last, descriptors);
    look();
  }
  while (first <= 1000) {
    vault.withdraw(1, first++);
    look();
  }
  const auto left = os::read_deposits(hosts_end);
  REQUIRE(left.has_value());
  CHECK(left->size() == 3000);
  CHECK(left->begin()->first.second == 1001);
}

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
